// SPDX-License-Identifier: GPL-2.0-or-later
// A listener for each request on an emitter that lives for ever, with the request in its closure.
const { EventEmitter } = require("events");

const bus = new EventEmitter();
bus.setMaxListeners(0);
let number = 0;
setInterval(() => {
	for (let i = 0; i < 8; i++) {
		const request = { id: number++, body: "x".repeat(100) + number, headers: Array(100).fill(number) };
		bus.on("shutdown", () => request.id);
	}
}, 50);
