/* collective.h — what all ranks do together, written once over messages.
 *
 * Four split-phase collectives (open, start, poll as you compute, wait, close): a sum,
 * a gathering of small records, "each shard to its owner, the owner combines, all get
 * the result", and letters of any length from each to each.  They allocate in open
 * only.  Then some blocking ones for set-up. */

#ifndef TALLY_COLLECTIVE_H
#define TALLY_COLLECTIVE_H

#include "tally/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Told of each message that a rank will send: to whom, about which units of what the
 * collective moves, in how many bytes. */
typedef void (*tally_teller)(void *context, int to, tally_span about, uint64_t bytes);

/* ---- v <- sum over ranks of v, in place ---- */

typedef enum tally_sum_algorithm {
    TALLY_SUM_AUTO,    /* by a table of ranks, bytes and place: src/comm/choice.c */
    TALLY_SUM_NATIVE,  /* the comm's own; ring where it has none */
    TALLY_SUM_RING,    /* 2(n-1)/n of v sent; Patarasuk and Yuan 2009 */
    TALLY_SUM_HALVING, /* recursive halving and doubling; Rabenseifner 2004 */
    TALLY_SUM_TREE,    /* to one rank and back, for short vectors */
    TALLY_SUM_SHM,     /* through memory that all ranks share, in rank order */
    TALLY_SUM_HIER     /* inside the nodes, between them, inside again */
} tally_sum_algorithm;

/* What `algorithm` becomes on this comm for vectors of at most n values: auto by its
 * table, native where there is none is ring, shm where the ranks do not share memory
 * (or simulate it) is ring, hier is shm on one node and ring where each rank has its
 * own.  Local; the same on every rank. */
TALLY_API tally_sum_algorithm tally_sum_resolve(const tally_comm *c,
                                                tally_sum_algorithm algorithm,
                                                size_t n);

enum { TALLY_SUM_DEPTH = 8 }; /* moves of one sum that are under way at most */

typedef struct tally_sum {
    tally_task task;
    tally_sum_algorithm algorithm;
    tally_real *v;
    size_t n, most;
    tally_real *scratch;   /* owned */
    size_t scratch_each;   /* values of it that one move has */
    struct tally_shm *shm; /* the comm's; NULL by messages */
    int tag, depth;
    int phase, started; /* moves [phase, started) are under way; -1: none was yet */
    tally_request requests[2 * TALLY_SUM_DEPTH];
} tally_sum;

/* most: the longest vector that start will see; number: apart from all other
 * collectives of that channel that may be under way, < 2000 (a collective has the tags
 * 2 number and 2 number + 1 to itself).  Every rank ends with the same bits.
 * Collective: all ranks open the same sums in the same order. Close is local. */
TALLY_API tally_status tally_sum_open(tally_sum *s, tally_comm *c,
                                      tally_channel channel, int number,
                                      tally_sum_algorithm algorithm, size_t most);
TALLY_API tally_status tally_sum_start(tally_sum *s, tally_real *v, size_t n);
TALLY_API tally_status tally_sum_wait(tally_sum *s);
TALLY_API void tally_sum_close(tally_sum *s);

/* Exact bytes that `rank` sends to sum n values by messages; native and shm are
 * modelled as ring.  Of an algorithm that the comm offers (resolve it first); hier:
 * once a sum has been opened. */
TALLY_API uint64_t tally_sum_bytes(const tally_comm *c, tally_sum_algorithm algorithm,
                                   int rank, size_t n);
/* The same message by message, of this rank; units: values. */
TALLY_API void tally_sum_tell(const tally_comm *c, tally_sum_algorithm algorithm,
                              size_t n, tally_teller tell, void *context);

/* ---- all[r] <- mine of rank r, for small records ---- */

/* Dissemination (Bruck et al. 1997): ceil(log2 n) rounds, (n-1) records sent. */
typedef struct tally_gather {
    tally_task task;
    size_t record;         /* bytes */
    unsigned char *all;    /* owned: size records, in rank order once done */
    unsigned char *turned; /* owned: the same, this rank's first */
    int tag, round;
    tally_request requests[2];
} tally_gather;

TALLY_API tally_status tally_gather_open(tally_gather *g, tally_comm *c,
                                         tally_channel channel, int number,
                                         size_t record);
TALLY_API tally_status tally_gather_start(tally_gather *g, const void *mine);
TALLY_API tally_status tally_gather_wait(tally_gather *g); /* then read g->all */
TALLY_API void tally_gather_close(tally_gather *g);

/* What this rank sends; units: records. */
TALLY_API void tally_gather_tell(const tally_comm *c, size_t record, tally_teller tell,
                                 void *context);

/* ---- each shard to its owner, who combines; all get the result ---- */

/* Who takes part.  The first `owners` members own shards; with one, it is a server. */
typedef struct tally_group {
    const int *ranks; /* the members' ranks in the comm, borrowed; NULL: all */
    int size, me;     /* members; which one this rank is */
    int owners;
} tally_group;

/* Every rank of the comm, all of them owners. */
TALLY_API tally_group tally_group_all(const tally_comm *c);

/* The units of a vector are dealt to the owners in blocks of ceil(units / owners):
 * member r owns units [r*block, min((r+1)*block, units)), possibly none.
 *
 * combine   ballots[r] is what member r says of my shard, ballots[me] included
 * result    where my shard of the result goes: inside `to`; when `to` is `from`, it is
 *           ballots[me] */
typedef tally_status (*tally_combine)(void *context, const void *const *ballots,
                                      size_t first, size_t units, void *result);

typedef struct tally_sharded {
    tally_task task;
    tally_group group;
    size_t from_unit, to_unit; /* bytes of a unit on the way to its owner, and back */
    size_t most, units;
    const unsigned char *from;
    unsigned char *to;
    unsigned char *inbox;    /* owned: the ballots of the others for my shard */
    const void **ballots;    /* owned: one pointer a member */
    tally_request *requests; /* owned: 4 a member */
    tally_combine combine;
    void *context;
    /* Optional, set after open: a collective that combine starts on the same comm; the
     * result is there, and goes out, when it is done. */
    const tally_task *after;
    int tag, phase;
} tally_sharded;

/* Among all ranks of the comm. */
TALLY_API tally_status tally_sharded_open(tally_sharded *s, tally_comm *c,
                                          tally_channel channel, int number,
                                          size_t from_unit, size_t to_unit, size_t most,
                                          tally_combine combine, void *context);
/* Among some; groups that share no rank may have the same number. */
TALLY_API tally_status tally_sharded_open_among(tally_sharded *s, tally_comm *c,
                                                tally_group group,
                                                tally_channel channel, int number,
                                                size_t from_unit, size_t to_unit,
                                                size_t most, tally_combine combine,
                                                void *context);
/* from: units * from_unit bytes; to: units * to_unit bytes; they may be the same array
 * when the units are equally long.  Both untouched until wait. */
TALLY_API tally_status tally_sharded_start(tally_sharded *s, const void *from, void *to,
                                           size_t units);
TALLY_API tally_status tally_sharded_wait(tally_sharded *s);
TALLY_API void tally_sharded_close(tally_sharded *s);

/* The shard of a member, of so many owners. */
TALLY_API tally_span tally_sharded_shard(int member, int owners, size_t units);
/* What group.me sends, message by message; units: those of the vector. */
TALLY_API void tally_sharded_tell(tally_group group, size_t units, size_t from_unit,
                                  size_t to_unit, tally_teller tell, void *context);

/* ---- from each rank to each: messages of any length up to a bound ---- */

typedef struct tally_alltoall {
    tally_task task;
    size_t most;          /* bytes of the longest letter that comes */
    unsigned char *inbox; /* owned */
    const void **letter;  /* owned: one a rank, once arrived; aligned to 64 */
    size_t *bytes;        /* owned: how long each is */
    bool read;
    /* Optional: called once all letters are here, from poll or wait; it may start
     * another collective. */
    tally_status (*arrived)(void *context);
    void *context;
    int tag;
    tally_request *requests; /* owned: 2 per rank */
} tally_alltoall;

/* What a rank sends: at[q], of bytes[q], goes to rank q; 0 bytes: nothing.  Its own is
 * handed over as it is. */
typedef struct tally_letters {
    const void *const *at;
    const size_t *bytes;
} tally_letters;

/* most: bytes of the longest letter that any start will announce. */
TALLY_API tally_status tally_alltoall_open(tally_alltoall *a, tally_comm *c,
                                           tally_channel channel, int number,
                                           size_t most);
/* most[q]: the most bytes that come from rank q, which must be 0 just when q sends none
 * to this rank.  Letters stay untouched until wait. */
TALLY_API tally_status tally_alltoall_start(tally_alltoall *a, const tally_letters *out,
                                            const size_t *most);
TALLY_API tally_status tally_alltoall_wait(tally_alltoall *a);
TALLY_API void tally_alltoall_close(tally_alltoall *a);

/* ---- blocking, for set-up.  Collective; one at a time per comm ---- */

TALLY_API tally_status tally_barrier(tally_comm *c);
TALLY_API tally_status tally_broadcast(tally_comm *c, int root, void *p, size_t n);
/* all: size records of n bytes, in rank order. */
TALLY_API tally_status tally_gather_all(tally_comm *c, const void *mine, size_t n,
                                        void *all);

/* The worst status of all ranks, on all ranks; its sentence comes from the lowest rank
 * that had it ("rank 3: cannot open ..."), so that any one rank can print it.  Ranks
 * must arrive here even when their own status is bad: that is the point. */
TALLY_API tally_status tally_agree(tally_comm *c, tally_status mine);

#ifdef __cplusplus
}
#endif
#endif
