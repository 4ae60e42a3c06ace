// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots of one size, because the two records differ little: a ring of n slots
 * holds the last n events whatever they are. Sequence numbers count from 0 and
 * never wrap; slot i holds the newest record whose sequence is i modulo n.
 */
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "event.h"
#include "limits.h"
#include "uapi/pagewarden_dev.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* A SECRET is the longer of the two. */
static_assert(sizeof(struct pw_secret) >= sizeof(struct pw_wipe));

struct slot {
	u32 uid;
	union {
		struct pw_record rec;
		u8 bytes[sizeof(struct pw_secret)];
	};
};

static unsigned int ring_records = 4096;
module_param(ring_records, uint, 0444);
MODULE_PARM_DESC(ring_records, "Events that the ring keeps for readers, 64 to 1048576 (4096)");

static struct slot *ring;
static u64 ring_head; /* sequence of the next record; written under ring_lock */
static DEFINE_SPINLOCK(ring_lock); /* a leaf, never taken in interrupts */
static DECLARE_WAIT_QUEUE_HEAD(ring_wait);

static struct {
	atomic64_t registered, ended, verdicts, released_dirty, wipes;
} counts;

int pw_event_init(void)
{
	ring_records = clamp(ring_records, 64u, 1u << 20);
	ring = vcalloc(ring_records, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	pw_memory_add(ring_records * sizeof(*ring));
	return 0;
}

/* Nobody pushes any more. Whoever still runs in a probe of ours is waited for. */
void pw_event_exit(void)
{
	tracepoint_synchronize_unregister();
	pw_memory_add(-(s64)(ring_records * sizeof(*ring)));
	vfree(ring);
}

static void push(const void *rec, size_t size, u32 uid)
{
	struct slot *slot;

	spin_lock(&ring_lock);
	slot = &ring[ring_head % ring_records];
	slot->uid = uid;
	memcpy(slot->bytes, rec, size);
	WRITE_ONCE(ring_head, ring_head + 1);
	spin_unlock(&ring_lock);
	wake_up_interruptible(&ring_wait);
}

static void stamp(struct pw_record *rec, u16 type, u16 size)
{
	rec->type = type;
	rec->size = size;
	rec->reserved = 0;
	rec->time_ns = ktime_get_boottime_ns();
}

void pw_event_secret(struct pw_secret *rec)
{
	stamp(&rec->rec, PW_REC_SECRET, sizeof(*rec));
	if (rec->event == PW_SECRET_REGISTERED)
		atomic64_inc(&counts.registered);
	if (rec->event == PW_SECRET_ENDED)
		atomic64_inc(&counts.ended);
	if (rec->event == PW_SECRET_RELEASED || rec->event == PW_SECRET_ENDED) {
		atomic64_inc(&counts.verdicts);
		if (rec->verdict == PW_SECRET_DIRTY)
			atomic64_inc(&counts.released_dirty);
	}
	trace_pw_secret(rec);
	push(rec, sizeof(*rec), rec->uid);
}

void pw_event_wipe(struct pw_wipe *rec)
{
	stamp(&rec->rec, PW_REC_WIPE, sizeof(*rec));
	atomic64_inc(&counts.wipes);
	trace_pw_wipe(rec);
	push(rec, sizeof(*rec), rec->uid);
}

void pw_event_key(struct pw_key *key, struct task_struct *task)
{
	rcu_read_lock();
	key->pid = task->tgid;
	key->reserved = 0;
	key->start_ns = task->group_leader->start_boottime;
	rcu_read_unlock();
}

void pw_event_comm(u8 comm[PW_COMM_LEN], struct task_struct *task)
{
	static_assert(PW_COMM_LEN == TASK_COMM_LEN);
	rcu_read_lock();
	/* Its owner may be changing it: a torn name is still a terminated one. */
	strscpy_pad(comm, task->group_leader->comm, PW_COMM_LEN);
	rcu_read_unlock();
}

void pw_reader_init(struct pw_reader *reader, u32 uid, bool all)
{
	reader->uid = uid;
	reader->all = all;
	reader->lost = 0;
	spin_lock(&ring_lock);
	reader->next = ring_head;
	spin_unlock(&ring_lock);
}

/* The next record that the reader may see, passing over what it may not; NULL: none yet. */
static struct slot *reader_next(struct pw_reader *reader)
{
	u64 oldest;

	lockdep_assert_held(&ring_lock);
	oldest = ring_head > ring_records ? ring_head - ring_records : 0;
	if (reader->next < oldest) {
		reader->lost += oldest - reader->next;
		reader->next = oldest;
	}
	for (; reader->next < ring_head; reader->next++) {
		struct slot *slot = &ring[reader->next % ring_records];

		if (reader->all || slot->uid == reader->uid)
			return slot;
	}
	return NULL;
}

/*
 * The caller lets in one at a time. Between the copy and the step the record may
 * be overwritten, and then somebody who asks for the losses has counted it.
 */
static ssize_t copy_one(struct pw_reader *reader, char __user *to, size_t room)
{
	struct slot copy;
	struct slot *slot;
	u64 sequence;

	spin_lock(&ring_lock);
	slot = reader_next(reader);
	sequence = reader->next;
	if (slot)
		copy = *slot;
	spin_unlock(&ring_lock);
	if (!slot)
		return 0;
	if (copy.rec.size > room)
		return -EINVAL;
	if (copy_to_user(to, &copy.rec, copy.rec.size))
		return -EFAULT;
	spin_lock(&ring_lock);
	if (reader->next == sequence)
		reader->next++;
	else
		reader->lost--;
	spin_unlock(&ring_lock);
	return copy.rec.size;
}

ssize_t pw_reader_copy(struct pw_reader *reader, char __user *to, size_t room)
{
	size_t done = 0;

	for (;;) {
		ssize_t size = copy_one(reader, to + done, room - done);

		if (size <= 0)
			return done ? done : size;
		done += size;
	}
}

bool pw_reader_ready(struct pw_reader *reader)
{
	bool ready;

	spin_lock(&ring_lock);
	ready = reader_next(reader);
	spin_unlock(&ring_lock);
	return ready;
}

u64 pw_reader_lost(struct pw_reader *reader)
{
	u64 lost;

	spin_lock(&ring_lock);
	reader_next(reader);
	lost = reader->lost;
	spin_unlock(&ring_lock);
	return lost;
}

wait_queue_head_t *pw_event_wait(void)
{
	return &ring_wait;
}

void pw_event_info(struct pw_dev_info *info)
{
	info->registered = atomic64_read(&counts.registered);
	info->ended = atomic64_read(&counts.ended);
	info->verdicts = atomic64_read(&counts.verdicts);
	info->released_dirty = atomic64_read(&counts.released_dirty);
	info->wipes = atomic64_read(&counts.wipes);
	info->events = READ_ONCE(ring_head);
}
