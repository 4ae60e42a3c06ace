// SPDX-License-Identifier: GPL-2.0-or-later
// A service that compiles and optimises its code, fills a bounded cache and then works on and on.
const crypto = require("crypto");
const zlib = require("zlib");

const cache = new Map();
function handle(key) {
	let value = cache.get(key);
	if (!value) {
		value = JSON.stringify({ key, digest: crypto.createHash("sha256").update(String(key)).digest("hex").repeat(8) });
		cache.set(key, value);
		if (cache.size > 3000) cache.delete(cache.keys().next().value);
	}
	return zlib.deflateSync(value).length;
}
setInterval(() => {
	for (let i = 0; i < 20; i++) handle(Math.floor(Math.random() ** 3 * 6000));
}, 50);
