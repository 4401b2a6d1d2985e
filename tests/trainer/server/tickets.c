#include "trainer/server/tickets.h"

#include "support/expect.h"

Test(tickets, each_is_dealt_once_and_settled_once)
{
    tally_tickets t;
    uint64_t ticket;

    expect_ok(tally_tickets_open(&t, 100, 300, 1, 4));
    for (uint64_t i = 100; i < 300; i++) {
        cr_assert(tally_tickets_deal(&t, &ticket));
        cr_assert(eq(u64, ticket, i));
    }
    cr_assert(eq(int, tally_tickets_deal(&t, &ticket), 0));
    for (uint64_t i = 100; i < 300; i++) {
        cr_assert(tally_tickets_settle(&t, 399 - i));
        cr_assert(eq(int, tally_tickets_settle(&t, 399 - i), 0));
    }
    cr_assert(eq(u64, t.settled, t.end));
    cr_assert(eq(int, tally_tickets_has(&t, 99), 0));
    cr_assert(eq(int, tally_tickets_has(&t, 300), 0));
    tally_tickets_close(&t);
}

Test(tickets, what_is_given_back_goes_first_unless_it_is_settled)
{
    tally_tickets t;
    uint64_t ticket;

    expect_ok(tally_tickets_open(&t, 0, 10, 1, 4));
    for (int i = 0; i < 5; i++)
        tally_tickets_deal(&t, &ticket);
    tally_tickets_give_back(&t, 3);
    tally_tickets_give_back(&t, 1);
    tally_tickets_give_back(&t, 3);
    cr_assert(eq(sz, t.again_count, 2));
    tally_tickets_settle(&t, 3); /* its worker was not lost after all */
    cr_assert(tally_tickets_deal(&t, &ticket));
    cr_assert(eq(u64, ticket, 1));
    cr_assert(eq(int, tally_tickets_deal_again(&t, &ticket), 0));
    cr_assert(tally_tickets_deal(&t, &ticket));
    cr_assert(eq(u64, ticket, 5));
    tally_tickets_settle(&t, 2);
    tally_tickets_give_back(&t, 2);
    cr_assert(eq(sz, t.again_count, 0));
    tally_tickets_close(&t);
}
