/* datagram.h — UDP between the threads of ranks, over IPv4 or IPv6, whichever there is.
 */

#ifndef TALLY_COMM_DATAGRAM_H
#define TALLY_COMM_DATAGRAM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TALLY_EAR_ADDRESSES = 6 };

/* Where a rank hears; ranks send each other theirs. */
typedef struct tally_ear {
    /* IPv4 as ::ffff:a.b.c.d, and first; all zeros after the last. */
    struct in6_addr address[TALLY_EAR_ADDRESSES];
    uint16_t port; /* 0: it hears nothing */
} tally_ear;

/* Fills in this process's addresses, loopback left out, and a port that the system
 * chooses; its socket, which does not block, or -1. */
int tally_ear_open(tally_ear *mine);

/* Sends n bytes to each address of an ear; near: to this very host as well, without
 * leaving it.  What cannot be sent is lost, as it may be on its way. */
void tally_ear_tell(int socket, const tally_ear *to, bool near, const void *p,
                    size_t n);

#endif
