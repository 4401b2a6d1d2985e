#include "tally/collective.h"

#include "support/expect.h"

#include <stdlib.h>

enum { LONGEST = 600, ROUNDS = 3 };

/* What rank r sends rank q in a round: from nothing to LONGEST bytes. */
static size_t length_of(int r, int q, int round)
{
    return (size_t)((r * 7 + q * 13 + round * 5) % 4) * 200;
}

static unsigned char byte_of(int r, int q, size_t i)
{
    return (unsigned char)(r * 31 + q * 17 + (int)i);
}

static tally_status count(void *context)
{
    ++*(int *)context;
    return TALLY_OK;
}

static tally_status check(const tally_alltoall *a, int round)
{
    int me = a->task.comm->rank;

    for (int r = 0; r < a->task.comm->size; r++) {
        size_t n = length_of(r, me, round);
        const unsigned char *letter = a->letter[r];

        if (n && a->bytes[r] != n)
            return TALLY_FAIL(MISMATCH, "%zu bytes from rank %d, expected %zu",
                              a->bytes[r], r, n);
        for (size_t i = 0; i < n; i++)
            if (letter[i] != byte_of(r, me, i))
                return TALLY_FAIL(MISMATCH, "byte %zu from rank %d", i, r);
    }
    return TALLY_OK;
}

static tally_status write_to_all(tally_comm *c, void *context)
{
    size_t size = (size_t)c->size, bytes[8], most[8];
    unsigned char text[8][LONGEST];
    const void *at[8];
    tally_alltoall a = {0};
    int arrivals = 0;

    (void)context;
    TALLY_TRY(tally_alltoall_open(&a, c, TALLY_USER, 1, LONGEST));
    a.arrived = count;
    a.context = &arrivals;
    tally_status status = TALLY_OK;
    for (int round = 0; !status && round < ROUNDS; round++) {
        uint64_t sent = c->traffic[TALLY_USER].bytes_sent, announced = 0;

        for (size_t q = 0; q < size; q++) {
            at[q] = text[q];
            bytes[q] = length_of(c->rank, (int)q, round);
            /* A bound, not the length: the length comes with the message. */
            most[q] = length_of((int)q, c->rank, round) ? LONGEST : 0;
            announced += (int)q == c->rank ? 0 : bytes[q];
            for (size_t i = 0; i < bytes[q]; i++)
                text[q][i] = byte_of(c->rank, (int)q, i);
        }
        status = tally_alltoall_start(&a, &(tally_letters){at, bytes}, most);
        if (!status) status = tally_alltoall_wait(&a);
        if (!status) status = check(&a, round);
        if (!status && c->traffic[TALLY_USER].bytes_sent - sent != announced)
            status =
                TALLY_FAIL(MISMATCH, "other bytes were sent than the letters have");
        if (!status && arrivals != round + 1)
            status = TALLY_FAIL(MISMATCH, "%d arrivals in round %d", arrivals, round);
    }
    tally_alltoall_close(&a);
    return status;
}

Test(alltoall, letters_of_any_length_arrive)
{
    static const char *const comms[] = {"self", "sim:ranks=2", "sim:ranks=3",
                                        "sim:ranks=8", "sim:ranks=5,rendezvous=true"};

    for (size_t k = 0; k < sizeof comms / sizeof *comms; k++)
        expect_ok(tally_launch(comms[k], write_to_all, NULL));
}
