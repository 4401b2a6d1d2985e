/* Threads of ranks hear each other over IPv4 and over IPv6. */

#include "comm/datagram.h"

#include "support/expect.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* An ear at one address, of a process that hears at that port. */
static tally_ear at(const char *address, uint16_t port)
{
    tally_ear ear = {.port = port};

    cr_assert(eq(int, inet_pton(AF_INET6, address, &ear.address[0]), 1));
    return ear;
}

static bool hears(int socket, const char *words)
{
    struct pollfd on = {.fd = socket, .events = POLLIN};
    char said[16] = "";

    if (poll(&on, 1, 2000) != 1) return false;
    ssize_t n = recv(socket, said, sizeof said, 0);
    return n == (ssize_t)strlen(words) && memcmp(said, words, (size_t)n) == 0;
}

static bool has_ipv6(void)
{
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
                                    .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int s = socket(AF_INET6, SOCK_DGRAM, 0);
    bool can =
        s >= 0 && bind(s, (const struct sockaddr *)&loopback, sizeof loopback) == 0;

    if (s >= 0) close(s);
    return can;
}

Test(datagram, an_ear_hears_over_either_protocol)
{
    tally_ear mine, theirs;
    int here = tally_ear_open(&mine), there = tally_ear_open(&theirs);

    cr_assert(ge(int, here, 0));
    cr_assert(ge(int, there, 0));
    cr_assert(ne(int, mine.port, theirs.port));
    tally_ear old = at("::ffff:127.0.0.1", theirs.port), new = at("::1", theirs.port),
              nowhere = {.port = theirs.port};
    tally_ear_tell(here, &old, false, "old", 3);
    cr_assert(hears(there, "old"));
    tally_ear_tell(here, &nowhere, true, "near", 4);
    cr_assert(hears(there, "near"));
    if (has_ipv6()) {
        tally_ear_tell(here, &new, false, "new", 3);
        cr_assert(hears(there, "new"));
    }
    close(here);
    close(there);
}

Test(datagram, who_has_no_port_is_not_spoken_to)
{
    tally_ear mine, deaf = {.port = 0};
    int here = tally_ear_open(&mine);

    tally_ear_tell(here, &deaf, true, "word", 4);
    tally_ear_tell(-1, &mine, true, "word", 4);
    struct pollfd on = {.fd = here, .events = POLLIN};
    cr_assert(eq(int, poll(&on, 1, 0), 0));
    close(here);
}

/* IPv4 comes first, nothing follows the first blank, and none is a loopback or means
 * nothing without an interface. */
Test(datagram, addresses_are_those_that_others_can_use)
{
    tally_ear mine;
    int here = tally_ear_open(&mine), seen = 0;
    bool newer = false, blank = false;

    for (; seen < TALLY_EAR_ADDRESSES; seen++) {
        const struct in6_addr *a = &mine.address[seen];

        if (IN6_IS_ADDR_UNSPECIFIED(a)) {
            blank = true;
            continue;
        }
        cr_assert(not(blank));
        cr_assert(eq(int, IN6_IS_ADDR_LOOPBACK(a), 0));
        cr_assert(eq(int, IN6_IS_ADDR_LINKLOCAL(a), 0));
        if (!IN6_IS_ADDR_V4MAPPED(a)) newer = true;
        cr_assert(not(newer && IN6_IS_ADDR_V4MAPPED(a)));
    }
    close(here);
}
