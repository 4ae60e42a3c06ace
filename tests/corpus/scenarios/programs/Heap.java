// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Heap sawtooth | ratchet: garbage at a steady pace over a bounded live set; or a
 * live set that swings, so that the heap grows towards -Xmx in steps and stays there.
 */
import java.util.ArrayList;
import java.util.List;

public class Heap {
	static volatile byte[] last;

	public static void main(String[] args) throws InterruptedException {
		boolean ratchet = args[0].equals("ratchet");
		List<byte[]> live = new ArrayList<>();

		for (int second = 0;; second++) {
			int wanted = ratchet ? 10 + (second % 20) * 5 : 30;

			while (live.size() < wanted)
				live.add(new byte[1 << 20]);
			while (live.size() > wanted)
				live.remove(live.size() - 1);
			for (int i = 0; i < 20; i++) {
				for (int k = 0; k < 8; k++)
					last = new byte[64 << 10];
				Thread.sleep(50);
			}
		}
	}
}
