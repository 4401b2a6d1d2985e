/* json.c — one line on stdout for programs that start Tally.
 *
 * docs/cli.md lists the keys with their units.  Every key is always there; a number
 * that is not known, or not finite, is null. */

#include "cli/json.h"

#include "run/config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

json_t *cli_json_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

/* The same weights have the same hash, whatever run they come from. */
static json_t *weights_hash(const tally_run *run)
{
    char hex[17];
    XXH64_hash_t hash = XXH3_64bits(run->w, run->net.layout.length * sizeof *run->w);

    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)hash);
    return json_string(hex);
}

static int put_result(json_t *json, const tally_result *r)
{
    double speed = r->seconds > 0 ? (double)r->samples / r->seconds : (double)NAN;
    int bad = 0;

    bad |=
        json_object_set_new(json, "test_accuracy", cli_json_number(r->test_accuracy));
    bad |= json_object_set_new(json, "test_loss", cli_json_number(r->test_loss));
    bad |= json_object_set_new(json, "validate_accuracy",
                               cli_json_number(r->validate_accuracy));
    bad |=
        json_object_set_new(json, "validate_loss", cli_json_number(r->validate_loss));
    bad |= json_object_set_new(json, "train_loss", cli_json_number(r->train_loss));
    bad |= json_object_set_new(json, "seconds", cli_json_number(r->seconds));
    bad |= json_object_set_new(json, "steps", count(r->steps));
    bad |= json_object_set_new(json, "samples", count(r->samples));
    bad |= json_object_set_new(json, "step_ms_median",
                               cli_json_number(1000 * r->step_median_seconds));
    bad |= json_object_set_new(json, "samples_per_second", cli_json_number(speed));
    bad |= json_object_set_new(json, "bytes_sent_per_rank_per_step",
                               cli_json_number(r->bytes_sent_per_step));
    bad |= json_object_set_new(json, "bytes_away_per_rank_per_step",
                               cli_json_number(r->bytes_away_per_step));
    bad |= json_object_set_new(json, "lost_values", count(r->lost_values));
    bad |= json_object_set_new(json, "overlap", cli_json_number(r->overlap));
    bad |=
        json_object_set_new(json, "start_ms", cli_json_number(1000 * r->start_seconds));
    return bad;
}

/* Null without servers. */
static int put_tally(json_t *json, const char *name, const tally_tale *t, uint64_t n)
{
    return json_object_set_new(json, name, t ? count(n) : json_null());
}

static json_t *list_staleness(const tally_tale *t)
{
    json_t *list = json_array();
    size_t most = TALLY_STALENESS_MOST;

    while (most > 0 && t->staleness[most - 1] == 0)
        most--;
    for (size_t i = 0; i < most; i++)
        json_array_append_new(list, count(t->staleness[i]));
    return list;
}

static json_t *list_workers(const tally_tale *t)
{
    json_t *list = json_array();

    for (size_t i = 0; i < t->count; i++) {
        const tally_worker_tale *w = &t->worker[i];
        json_t *one = json_pack(
            "{s:i, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "rank", w->rank, "lost",
            (int)w->lost, "pushes", (json_int_t)w->pushes, "dropped",
            (json_int_t)w->dropped, "refused", (json_int_t)w->refused,
            "computing_seconds", cli_json_number(w->computing), "starved_seconds",
            cli_json_number(w->starved), "waiting_seconds", cli_json_number(w->waiting),
            "staleness_mean", cli_json_number(w->staleness / (double)w->pushes));

        json_array_append_new(list, one);
    }
    return list;
}

static int put_tale(json_t *json, const tally_tale *t)
{
    static const tally_tale none;
    const tally_tale *x = t ? t : &none;
    int bad = 0;

    bad |= put_tally(json, "pushes", t, x->pushes);
    bad |= put_tally(json, "dropped", t, x->dropped);
    bad |= put_tally(json, "refused", t, x->refused);
    bad |= put_tally(json, "lost_workers", t, x->lost);
    bad |= put_tally(json, "returned_workers", t, x->returned);
    bad |= put_tally(json, "staleness_max", t, x->staleness_most);
    bad |= put_tally(json, "lead_max", t, x->lead_most);
    bad |= put_tally(json, "bytes_pushed", t, x->bytes_pushed);
    bad |= put_tally(json, "bytes_replied", t, x->bytes_replied);
    bad |= json_object_set_new(json, "staleness_mean",
                               cli_json_number(x->staleness_sum / (double)x->pushes));
    bad |=
        json_object_set_new(json, "server_idle", t ? json_real(t->idle) : json_null());
    bad |= json_object_set_new(json, "staleness", t ? list_staleness(t) : json_null());
    bad |= json_object_set_new(json, "workers", t ? list_workers(t) : json_null());
    return bad;
}

static json_t *entry(const tally_entry *e)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "logical", (json_int_t)e->logical,
                     "encoded", (json_int_t)e->encoded, "predicted",
                     (json_int_t)e->predicted, "sent", (json_int_t)e->counted);
}

static json_t *both_links(const tally_entry each[TALLY_LINKS])
{
    return json_pack("{s:o, s:o}", "same_node", entry(&each[TALLY_NEAR]), "other_node",
                     entry(&each[TALLY_AWAY]));
}

/* Null without an exchange. */
static json_t *ledger(const tally_run *run)
{
    const tally_ledger *l = &run->result.ledger;
    const tally_entry sum[] = {tally_ledger_sum(l, TALLY_NEAR),
                               tally_ledger_sum(l, TALLY_AWAY)};
    json_t *tensors = json_object();

    if (!l->count) {
        json_decref(tensors);
        return json_null();
    }
    for (size_t t = 0; t < l->count; t++)
        json_object_set_new(tensors, run->f->layout.tensors[t].name,
                            both_links(l->at[t]));
    return json_pack("{s:s, s:o, s:o}", "bytes_are", tally_certainty_name(l->certainty),
                     "all", both_links(sum), "tensors", tensors);
}

static int put_facts(json_t *json, const tally_run *run, const cli_facts *facts)
{
    int bad = 0;

    bad |= json_object_set_new(json, "simulated", json_boolean(facts->simulated));
    bad |= json_object_set_new(json, "ranks", json_integer(facts->ranks));
    bad |= json_object_set_new(json, "hosts", json_integer(facts->hosts));
    bad |= json_object_set_new(json, "threads", json_integer(facts->threads));
    bad |=
        json_object_set_new(json, "peak_rss_mib", cli_json_number(facts->peak_rss_mib));
    bad |= json_object_set_new(json, "parameters", count(run->net.layout.length));
    bad |= json_object_set_new(json, "precision", json_string(TALLY_REAL_DTYPE));
    bad |= json_object_set_new(json, "final_weights_xxh3", weights_hash(run));
    return bad;
}

tally_status cli_json_result(const tally_run *run, const cli_facts *facts,
                             json_t **json)
{
    json_t *object = json_object();

    if (put_result(object, &run->result) ||
        json_object_set_new(object, "ledger", ledger(run)) ||
        put_tale(object, run->result.tale) || put_facts(object, run, facts) ||
        json_object_set_new(object, "options", tally_config_json(run))) {
        json_decref(object);
        return TALLY_FAIL(MEMORY, "no memory for the result as JSON");
    }
    *json = object;
    return TALLY_OK;
}

tally_status cli_json_print(json_t *json)
{
    int failed = json_dumpf(json, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) ||
                 fputc('\n', stdout) == EOF || fflush(stdout) == EOF;

    json_decref(json);
    if (failed)
        return TALLY_FAIL(FILE, "cannot write to standard output: %s", strerror(errno));
    return TALLY_OK;
}
