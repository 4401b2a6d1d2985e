/* datagram.c — UDP between the threads of ranks, over IPv4 or IPv6, whichever there is.
 *
 * One socket of IPv6 serves both: to it IPv4 addresses are ::ffff:a.b.c.d (RFC 4291,
 * section 2.5.5.2).  Where the system has no IPv6 it is one of IPv4.  Link-local
 * addresses are left out: they mean nothing without the name of an interface. */

#include "comm/datagram.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct in6_addr map(uint32_t address)
{
    struct in6_addr mapped = {
        .s6_addr = {[10] = 0xff, [11] = 0xff}
    };

    memcpy(mapped.s6_addr + 12, &address, sizeof address);
    return mapped;
}

/* False when it is none that others could use. */
static bool read_address(const struct sockaddr *from, int family, struct in6_addr *to)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (!from || from->sa_family != family) return false;
    if (family == AF_INET) {
        memcpy(&in, from, sizeof in);
        *to = map(in.sin_addr.s_addr);
        return true;
    }
    memcpy(&in6, from, sizeof in6);
    *to = in6.sin6_addr;
    return !IN6_IS_ADDR_LINKLOCAL(to);
}

static void list_addresses(tally_ear *mine)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct ifaddrs *all = NULL;
    int count = 0;

    if (getifaddrs(&all) != 0) return;
    for (int k = 0; k < 2; k++)
        for (const struct ifaddrs *a = all; a; a = a->ifa_next)
            if (count < TALLY_EAR_ADDRESSES && a->ifa_flags & IFF_UP &&
                !(a->ifa_flags & IFF_LOOPBACK) &&
                read_address(a->ifa_addr, families[k], &mine->address[count]))
                count++;
    for (; count < TALLY_EAR_ADDRESSES; count++) /* what a refused one has left */
        memset(&mine->address[count], 0, sizeof mine->address[count]);
    freeifaddrs(all);
}

/* Bound to any address and a free port; 0 when it cannot be. */
static uint16_t bind_socket(int s, int family)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr *at = family == AF_INET ? (struct sockaddr *)&in : (void *)&in6;
    socklen_t length = family == AF_INET ? sizeof in : sizeof in6;
    const int both = 0;

    if (family == AF_INET6 &&
        setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof both) != 0)
        return 0;
    if (bind(s, at, length) != 0 || getsockname(s, at, &length) != 0) return 0;
    return ntohs(family == AF_INET ? in.sin_port : in6.sin6_port);
}

int tally_ear_open(tally_ear *mine)
{
    static const int families[] = {AF_INET6, AF_INET};

    memset(mine, 0, sizeof *mine);
    list_addresses(mine);
    for (int k = 0; k < 2; k++) {
        int s = socket(families[k], SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (s < 0) continue;
        mine->port = bind_socket(s, families[k]);
        if (mine->port) return s;
        close(s);
    }
    return -1;
}

/* False when the system knows no way there. */
static bool send_to(int s, int family, struct in6_addr address, uint16_t port,
                    const void *p, size_t n)
{
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = address};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};

    if (family == AF_INET6)
        return sendto(s, p, n, 0, (const struct sockaddr *)&in6, sizeof in6) >= 0;
    if (!IN6_IS_ADDR_V4MAPPED(&address)) return false;
    memcpy(&in.sin_addr, address.s6_addr + 12, sizeof in.sin_addr);
    return sendto(s, p, n, 0, (const struct sockaddr *)&in, sizeof in) >= 0;
}

void tally_ear_tell(int s, const tally_ear *to, bool near, const void *p, size_t n)
{
    int family = AF_INET;
    socklen_t length = sizeof family;

    if (!to->port || s < 0) return;
    if (getsockopt(s, SOL_SOCKET, SO_DOMAIN, &family, &length) != 0) return;
    if (near && !send_to(s, family, map(htonl(INADDR_LOOPBACK)), to->port, p, n))
        send_to(s, family, in6addr_loopback, to->port, p, n);
    for (int k = 0; k < TALLY_EAR_ADDRESSES; k++)
        if (!IN6_IS_ADDR_UNSPECIFIED(&to->address[k]))
            send_to(s, family, to->address[k], to->port, p, n);
}
