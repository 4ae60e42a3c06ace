// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_leak: builds a linked index of a batch of words, answers from it, and
 * of one batch in four loses the head: an exception path that forgot it.
 */
#include "work.h"

#include <stdexcept>
#include <string>

struct node {
	node *next;
	std::string word;
};

static node *build(uint64_t *state)
{
	node *head = nullptr;

	for (int i = 0; i < 64; i++)
		head = new node{ head, std::string(48, (char)('a' + random_next(state) % 26)) };
	return head;
}

static void destroy(node *head)
{
	while (head) {
		node *next = head->next;

		delete head;
		head = next;
	}
}

static void answer(uint64_t *state)
{
	node *head = build(state);

	if (random_next(state) % 4 == 0)
		throw std::runtime_error("no such word"); /* and the list is lost */
	destroy(head);
}

int main()
{
	uint64_t state = 362436069;

	begin();
	for (;; wait_for(0.02)) {
		try {
			answer(&state);
		} catch (const std::runtime_error &) {
			continue;
		}
	}
}
