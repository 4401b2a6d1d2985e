/* network.c — which interfaces MPI takes between hosts.
 *
 * Open MPI uses every interface that is up and not excluded.  One that leads nowhere
 * (docker0 has the same address on each host) makes connections hang; two networks of
 * different speed make messages as slow as the slower. */

#include "cli/doctor/doctor.h"
#include "comm/library.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 8 };

static const char include[] = "btl_tcp_if_include", exclude[] = "btl_tcp_if_exclude";

typedef struct interface {
    char name[16];
    uint32_t address, mask; /* IPv4, in the host's order; 0: it has IPv6 alone */
    bool is_virtual;        /* by its name: of containers and virtual machines */
} interface;

typedef struct record {
    interface at[MOST];
    int count;
    char include[128], exclude[128];
} record;

static bool is_virtual(const char *name)
{
    static const char *const kinds[] = {"docker", "virbr", "br-",      "veth",
                                        "lxc",    "cni",   "flannel",  "cali",
                                        "podman", "vmnet", "tailscale"};

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        if (strncmp(name, kinds[k], strlen(kinds[k])) == 0) return true;
    return false;
}

static uint32_t number_of(const struct sockaddr *s)
{
    struct sockaddr_in in;

    if (!s || s->sa_family != AF_INET) return 0;
    memcpy(&in, s, sizeof in);
    return ntohl(in.sin_addr.s_addr);
}

static bool is_global(const struct sockaddr *s)
{
    struct sockaddr_in6 in;

    if (!s || s->sa_family != AF_INET6) return false;
    memcpy(&in, s, sizeof in);
    return !IN6_IS_ADDR_LINKLOCAL(&in.sin6_addr);
}

static bool has(const record *r, const char *name)
{
    for (int i = 0; i < r->count; i++)
        if (strcmp(r->at[i].name, name) == 0) return true;
    return false;
}

static tally_status look(const doctor *d, void *mine)
{
    record *r = mine;
    struct ifaddrs *all = NULL;

    (void)d;
    tally_library_setting(include, r->include, sizeof r->include);
    tally_library_setting(exclude, r->exclude, sizeof r->exclude);
    if (getifaddrs(&all) != 0) return TALLY_OK;
    for (const struct ifaddrs *a = all; a && r->count < MOST; a = a->ifa_next) {
        uint32_t address = number_of(a->ifa_addr);
        bool up = a->ifa_flags & IFF_UP && !(a->ifa_flags & IFF_LOOPBACK);

        if (!up || (!address && (!is_global(a->ifa_addr) || has(r, a->ifa_name))))
            continue;
        interface *i = &r->at[r->count++];
        snprintf(i->name, sizeof i->name, "%s", a->ifa_name);
        i->address = address;
        i->mask = number_of(a->ifa_netmask);
        i->is_virtual = is_virtual(a->ifa_name);
    }
    freeifaddrs(all);
    return TALLY_OK;
}

/* "10.77.0.0/24" */
static const char *name_network(const interface *i, char text[24])
{
    uint32_t net = i->address & i->mask;

    snprintf(text, 24, "%u.%u.%u.%u/%d", net >> 24, net >> 16 & 255, net >> 8 & 255,
             net & 255, __builtin_popcount(i->mask));
    return text;
}

static bool same_network(const interface *a, const interface *b)
{
    return b->address && a->mask == b->mask &&
           (a->address & a->mask) == (b->address & b->mask);
}

static bool reaches(const record *r, const interface *i)
{
    for (int k = 0; k < r->count; k++)
        if (!r->at[k].is_virtual && same_network(i, &r->at[k])) return true;
    return false;
}

/* Networks of rank 0's host that every host is on; how many, and the first. */
static int count_shared(const doctor *d, const record *all, const interface **first)
{
    int shared = 0;

    *first = NULL;
    for (int k = 0; k < all->count; k++) {
        const interface *i = &all->at[k];
        bool everywhere = i->address && !i->is_virtual;

        for (int r = 1; r < d->comm->size && everywhere; r++)
            everywhere = reaches(&all[r], i);
        if (everywhere && shared++ == 0) *first = i;
    }
    return shared;
}

/* An interface that MPI will try though it leads to no other host. */
static const interface *find_dead_end(const doctor *d, const record *all, int *rank)
{
    for (int r = 0; r < d->comm->size; r++)
        for (int k = 0; k < all[r].count; k++) {
            const interface *i = &all[r].at[k];

            *rank = r;
            if (i->is_virtual && i->address && !strstr(all[r].exclude, i->name))
                return i;
        }
    return NULL;
}

static void judge_hosts(doctor *d, const record *all)
{
    const interface *first, *dead;
    int rank, shared = count_shared(d, all, &first);
    char network[24] = "NETWORK", fix[192], who[96];

    if (first) name_network(first, network);
    if (d->launcher == TALLY_HYDRA)
        snprintf(fix, sizeof fix, "mpiexec -iface %s", first ? first->name : "NAME");
    else
        doctor_fix_setting(d, include, network, fix);
    dead = find_dead_end(d, all, &rank);
    if (all->include[0])
        doctor_say(d, DOCTOR_OK, NULL, "MPI takes %s between hosts (%s)", all->include,
                   include);
    else if (dead)
        doctor_say(d, DOCTOR_WARNING, fix,
                   "MPI would take %s (%s) of %s too, which leads to no other host",
                   dead->name, name_network(dead, network),
                   cli_places_name(d->comm, d->places, rank, who));
    else if (shared > 1)
        doctor_say(d, DOCTOR_WARNING, fix,
                   "the hosts share %d networks and MPI takes them all: name the "
                   "fastest",
                   shared);
    else if (shared == 0)
        doctor_say(d, DOCTOR_WARNING, fix, "the hosts share no network of IPv4");
    else
        doctor_say(d, DOCTOR_OK, NULL, "the hosts share %s (%s)", network, first->name);
}

static void judge(doctor *d, const void *all)
{
    if (d->comm->nodes > 1) judge_hosts(d, all);
}

const doctor_check tally_check_network = {
    "network", "which interfaces MPI takes between hosts", sizeof(record), look, judge};
