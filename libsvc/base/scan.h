/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A walk over the brackets of JSON text, 64 bytes at a time: strings are
 * passed over by bit masks, brackets are matched by a stack of bits, brackets
 * and commas are counted, UTF-8 is validated. The text may come in pieces;
 * where it is cut makes no difference. There is a portable version and one for
 * AVX2 with carry-less multiplication, chosen at run time. Pure; one thread at
 * a time.
 */
#ifndef SVC_BASE_SCAN_H
#define SVC_BASE_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* Deepest nesting that fits the stack of bits. */
#define SVC__SCAN_DEPTH_MAX 63

/* Closing brackets that are noted at most. */
#define SVC__SCAN_ENDS 64

/* Why a walk stopped. */
enum svc__scan_stop {
    SVC__SCAN_END,      /* the piece is used up: give the next one */
    SVC__SCAN_OPEN,     /* at a bracket that opened in depth floor */
    SVC__SCAN_CLOSE,    /* at a bracket that closed to depth floor or less */
    SVC__SCAN_MISMATCH, /* at a bracket that closes what is not open */
    SVC__SCAN_DEEP,     /* at a bracket over limit */
    SVC__SCAN_STRAY,    /* at a backslash outside a string */
    SVC__SCAN_UTF8      /* at the first byte that is not UTF-8 */
};

/* The state of a walk. The first group belongs to the caller, who may change
 * it at any stop; the others are the walk's own, and may be read where it says
 * so. */
struct svc__scan {
    int floor;          /* stop at brackets from and to this depth */
    int limit;          /* depth that must not be exceeded */
    int closes_only;    /* not 0: opening brackets do not stop */
    int any_bytes;      /* not 0: text that is not UTF-8 passes */
    int noted;          /* 1 or more, see end_count */
    unsigned end_count; /* set to 0: from here on note the closing brackets to
                           floor + noted; read: how many there are */

    int depth;      /* read: of brackets, the one at pos counted */
    size_t pos;     /* read: offset in the piece where the walk stopped */
    uint64_t stack; /* bit 0 is the innermost bracket; 1 is a brace */

    const char *text; /* the piece */
    size_t size;
    size_t block;     /* offset of the block in hand */
    size_t next;      /* offset of the block after it */
    uint64_t events;  /* brackets and stray backslashes not yet walked */
    uint64_t tokens;  /* brackets and commas of the block in hand */
    uint64_t counted; /* the same of all blocks up to the one in hand */
    uint64_t escaped; /* 1: the next block's first byte is escaped */
    uint64_t string;  /* all ones: the next block begins in a string */
    size_t bad;       /* offset of a byte that is not UTF-8, or SIZE_MAX */
    uint32_t utf8;    /* of a character cut by the end of a block */
    uint32_t ends[SVC__SCAN_ENDS]; /* read: offsets in the piece, the first of
                                      those that there were */
};

/* One version of the walk. */
struct svc__scan_ops {
    const char *name; /* "avx2", "portable" */
    enum svc__scan_stop (*walk)(struct svc__scan *s);
};

/* The fastest version for this machine. */
const struct svc__scan_ops *svc__scan_ops(void);

/* The version that runs everywhere. */
const struct svc__scan_ops *svc__scan_ops_portable(void);

/* Begins a walk, outside any string, at depth 0. limit is at most
 * SVC__SCAN_DEPTH_MAX. */
static inline void svc__scan_init(struct svc__scan *s, int floor, int limit)
{
    s->floor = floor;
    s->limit = limit;
    s->closes_only = 0;
    s->any_bytes = 0;
    s->noted = 1;
    s->end_count = SVC__SCAN_ENDS;
    s->depth = 0;
    s->pos = 0;
    s->stack = 0;
    s->text = NULL;
    s->size = 0;
    s->block = 0;
    s->next = 0;
    s->events = 0;
    s->tokens = 0;
    s->counted = 0;
    s->escaped = 0;
    s->string = 0;
    s->bad = SIZE_MAX;
    s->utf8 = 0;
}

/* Gives the next piece, borrowed while it is walked. The last one must have
 * been walked to its end. No ends are noted any more. */
void svc__scan_feed(struct svc__scan *s, const char *text, size_t size);

/* Brackets and commas outside strings before pos, all pieces. At a stop. */
uint64_t svc__scan_tokens(const struct svc__scan *s);

/* For the versions of the walk: validates the block in hand, of size bytes, or
 * the rest of a character that began before it. Events behind a bad byte are
 * dropped: the walk stops there. */
void svc__scan_check(struct svc__scan *s, size_t size);

#endif
