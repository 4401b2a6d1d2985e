/* run.h — a run: an objective, a rule, an exchange and a trainer on a comm.
 *
 *     tally_run run = {0};
 *     tally_run_set(&run, "rule", "adam:beta2=0.99");     as on the command line
 *     tally_run_open(&run, comm);
 *     tally_run_train(&run);
 *     tally_run_close(&run);
 */

#ifndef TALLY_RUN_H
#define TALLY_RUN_H

#include "tally/attack.h"
#include "tally/exchange.h"
#include "tally/model.h"
#include "tally/penalty.h"
#include "tally/rule.h"
#include "tally/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The options of a run: the flags of `tally train`.  Families hold a spec each. */
typedef struct tally_config {
    char *comm, *data, *model, *loss, *rule, *schedule, *clip, *exchange, *codec,
        *aggregate, *attack, *trainer, *consistency, *penalty;
    double rate;
    int rate_scaling;        /* a tally_scaling: of the rate with the global batch */
    uint64_t rate_reference; /* the global batch that the rate is meant for */
    uint64_t batch;          /* samples per rank at a time */
    uint64_t accumulate;     /* batches per rank and step, summed before the exchange;
                                0: all rows, as in gradient descent */
    uint64_t epochs;         /* passes over the training rows */
    uint64_t steps;          /* when not 0: stop after so many steps instead */
    uint64_t warmup;         /* steps of linear growth of the rate */
    uint64_t validate;       /* training rows held out */
    uint64_t seed;
    uint64_t threads; /* per rank, for products; 0: from topology and binding */
    uint64_t bucket;  /* KiB of gradient that travel together */
    uint64_t checkpoint_every; /* steps; 0: once an epoch */
    uint64_t keep;             /* checkpoints kept */
    uint64_t log_every;        /* steps between metrics; 0: once an epoch */
    uint64_t census;        /* steps between counts of what is not finite; 0: never */
    uint64_t replica_every; /* steps between comparisons of the weights; 0: at
                               checkpoints */
    int resync;             /* 0: abort, 1: broadcast, when replicas differ */
    double patience;        /* seconds of silence before a rank says of whom; trainer
                               server then goes on without it */
    double timeout;         /* seconds in one wait that end the run; 0: never */
    char *start;            /* a run folder whose weights are the first; NULL: drawn */
    char *out;              /* the run folder; NULL: none, nothing is kept */
    char *trace;            /* a file for what ranks did when; NULL: none */
    uint64_t trace_spans;   /* of each kind that a rank keeps for it, the last ones */
} tally_config;

extern TALLY_API const tally_about tally_config_about;

typedef struct tally_run tally_run;

typedef struct tally_trainer_ops {
    tally_about about;
    /* Optional: who does what.  Sets run->workers and run->holders, which are all ranks
     * before.  A trainer with roles uses no exchange, counts its bytes itself, and may
     * lose ranks: nothing is collective over all of them from train on.  Local. */
    tally_status (*roles)(tally_run *run);
    bool no_exchange; /* its ranks agree by messages of its own, likewise */
    /* Optional: when model, data and first weights are there.  May set steps,
     * steps_per_epoch and held, and open trainer_state, which checkpoints then hold and
     * the run closes.  Local. */
    tally_status (*open)(tally_run *run);
    tally_status (*train)(tally_run *run);
    void (*close)(tally_run *run); /* optional; also after an open that failed */
} tally_trainer_ops;

extern TALLY_API const tally_family tally_trainer_family, tally_strategy_family,
    tally_consistency_family;
TALLY_API tally_status tally_register_trainer(const tally_trainer_ops *ops);

/* A named row of choices: specs, and the rate, as text, that such steps are meant for.
 * NULL leaves what it is. */
typedef struct tally_strategy_ops {
    tally_about about;
    const char *trainer, *exchange, *rule, *rate;
} tally_strategy_ops;

/* Every family of the library, in the order of the tour; ends with NULL. */
extern TALLY_API const tally_family *const tally_families[];

typedef struct tally_result {
    double test_accuracy, test_loss; /* NAN without test samples */
    double validate_accuracy, validate_loss;
    double train_loss;    /* mean over the last epoch */
    double seconds;       /* of training, evaluation and checkpoints left out */
    double start_seconds; /* process start to first step */
    uint64_t steps;       /* of the whole run, resumed ones included */
    uint64_t samples;
    double step_median_seconds;
    uint64_t lost_values;       /* not finite, in what ranks said; those of trainer
                                   lockstep, census */
    double bytes_sent_per_step; /* by the exchange, mean over ranks */
    double bytes_away_per_step; /* of which: to other nodes */
    /* Of the steps of this process, on rank 0 those of all ranks; owned by the run.  No
     * ledger with trainers that use no exchange. */
    tally_ledger ledger;
    double overlap; /* share of the exchange's time during which this rank computed */
    struct tally_tale *tale; /* what servers saw; owned by the run; NULL: no server */
} tally_result;

/* Seconds of the steps of this process so far, evaluation and checkpoints left out. */
typedef struct tally_spent {
    double steps;    /* all of them */
    double gradient; /* of which: in gradients, or in the solvers of ADMM */
    double exchange; /* turned to the other ranks: the sum of the four below */
    double encode;   /* proposing, encoding, handing to the comm */
    double wait;     /* for messages, until the slowest rank had its gradient */
    double wire;     /* for messages, after that */
    double decode;   /* adding, counting and decoding between such waits */
    double apply; /* what is left: moving weights.  Trainer admm does not tell wire from
                     wait and moves weights as it solves: both are NAN; of server all
                     but `steps` are 0: see tally_tale */
} tally_spent;

enum { TALLY_STALENESS_MOST = 64 };

/* What a server saw of one worker. */
typedef struct tally_worker_tale {
    int rank;
    bool lost;                        /* at the end */
    uint64_t pushes;                  /* gradients of it that moved the weights */
    uint64_t dropped, refused;        /* came too late or twice; were not in order */
    double computing, waiting, speed; /* seconds in gradients; for replies; rows a
                                         second of computing */
    double starved;                   /* of computing, without a processor */
    double staleness;                 /* sum over its pushes */
} tally_worker_tale;

/* What servers saw of a run: staleness is how many updates the weights had gone through
 * between being read and being moved. */
typedef struct tally_tale {
    uint64_t pushes, dropped, refused, lost, returned;
    uint64_t staleness[TALLY_STALENESS_MOST]; /* pushes by staleness; the last: or more
                                               */
    uint64_t staleness_most,
        lead_most; /* lead: clocks before the slowest, at a start */
    double staleness_sum;
    uint64_t bytes_pushed, bytes_replied; /* gradients that server 0 got, weights that
                                             it sent */
    double idle;  /* share of its time that server 0 waited, 0..1 */
    size_t count; /* workers */
    tally_worker_tale *worker;
} tally_tale;

/* What a person may be told as the run goes; NULL members are left out.  Called on rank
 * 0 only (`warned`: on the rank concerned). */
typedef struct tally_observer {
    void (*said)(void *context, const char *sentence);   /* once, for people */
    void (*warned)(void *context, const char *sentence); /* something needs attention */
    /* Who holds up the others, and for how long.  Called by a thread of its own, at any
     * time, on the rank that found out. */
    void (*stalled)(void *context, const char *sentence);
    void (*stepped)(void *context, const tally_run *run, uint64_t step, double loss,
                    double rate); /* rate: NaN where no rule steps */
    void *context;
} tally_observer;

struct tally_run {
    /* Set by the user before open. */
    void *config; /* what was set so far; owned; NULL until the first set */
    tally_objective *objective; /* a user's own, borrowed; NULL: from model and data */
    tally_observer observer;
    const char *resume; /* the run folder to go on with; borrowed */

    /* Set by open. */
    const tally_config *options; /* config, resolved */
    tally_comm *comm;
    tally_source source;
    tally_sampler sampler;
    tally_objective net;
    tally_penalty penalty;
    tally_objective penalised;
    tally_objective *f; /* the user's objective or &net; &penalised around it */
    tally_rule rule;
    tally_schedule schedule;
    tally_clip clip;
    tally_exchange exchange;
    tally_attack attack;
    const tally_trainer_ops *trainer;
    void *trainer_options;
    tally_state trainer_state;
    const tally_about *consistency;
    void *consistency_options;
    int workers; /* ranks that compute gradients: the last so many of the comm */
    int holders; /* ranks that hold weights, state and checkpoints: the first so many */
    tally_comm *crew; /* theirs; comm itself when all hold, NULL on the others */
    /* Set by a trainer whose weights are not in run->w all the time.  `snapshot` brings
     * run->w and the state of the rule up to date on all holders; `breathe` is called
     * between pieces of an evaluation, whose w stays as it is; `score` does what
     * tally_run_score promises without a whole run->w.  Collective over the holders;
     * local; collective. */
    tally_status (*snapshot)(tally_run *run);
    tally_status (*breathe)(tally_run *run);
    tally_status (*score)(tally_run *run, tally_split split, tally_score *score);
    void *held; /* theirs */
    tally_span *plan;
    size_t plan_count;
    tally_real *w;
    uint64_t step, steps; /* done, of the whole run */
    uint64_t steps_per_epoch;
    tally_result result;
    tally_spent spent; /* of this rank; the trainer keeps it, before after_step */
    tally_state state; /* sums of the epoch so far: part of a checkpoint */
    /* What a trainer calls after each step, with the score of all ranks and whether one
     * of them was told to stop: metrics, evaluation, checkpoints.  rate: NaN without a
     * rule.  Collective. */
    tally_status (*after_step)(tally_run *run, const tally_score *score, double rate,
                               bool stop);
    /* Set by after_step, on all ranks that it is called on: as if a signal stopped the
     * run, which ends with TALLY_STOPPED after one more step at most. */
    bool enough;
    /* Writes a number of this step to the run's metrics, on the rank that has them. */
    tally_status (*metric)(tally_run *run, const char *name, double value);
    struct tally_folder *folder;     /* the run folder; NULL without out */
    struct tally_metrics *metrics;   /* NULL without out, and on ranks other than 0 */
    struct tally_timeline *timeline; /* NULL without trace */
    bool watched;                    /* it has opened the watch of comm */
};

/* Sets one option: a family ("rule", "adam:beta2=0.99"), one key of a family
 * ("rule.beta2", "0.99"), or a plain option ("batch", "64").  An unknown name gets a
 * sentence with the nearest one.  Local. */
TALLY_API tally_status tally_run_set(tally_run *run, const char *name,
                                     const char *value);

/* Builds everything, agrees that all ranks run the same thing, and reads the checkpoint
 * when resume is set.  Collective. */
TALLY_API tally_status tally_run_open(tally_run *run, tally_comm *comm);

/* Trains to the end and fills run->result.  Returns TALLY_STOPPED after SIGTERM or
 * SIGINT (once tally_stop_on_signals was called), TALLY_DIVERGED on a value that is not
 * finite. Collective. */
TALLY_API tally_status tally_run_train(tally_run *run);

/* The exact score of a split, the same on each holder.  Collective over the holders. */
TALLY_API tally_status tally_run_score(tally_run *run, tally_split split,
                                       tally_score *score);

TALLY_API void tally_run_close(tally_run *run);

/* For the start of a program, before anything is read or ranks have met: a SIGUSR1 that
 * comes while a run is set up stops it after its first step, and a SIGUSR2 is answered
 * as soon as ranks can ask each other.  Without it both end the process, as by default.
 * Local. */
TALLY_API void tally_await_signals(void);

/* SIGUSR2 alone, for a program whose ranks are asked what they do but have no run to
 * end.  Local. */
TALLY_API void tally_report_on_signal(void);

/* From now on SIGTERM, SIGINT, SIGUSR1 and (unless it is ignored) SIGHUP finish the
 * step, write a checkpoint and end the run.  SIGUSR1, because Open MPI's mpirun passes
 * it on at once, and kills two seconds after the others.  The handler has a stack of
 * its own, given to the calling thread unless it has one (sigaltstack); handlers of a
 * host program must have SA_ONSTACK too, since products may have the stack pointer in
 * the heap. */
TALLY_API void tally_stop_on_signals(void);

#ifdef __cplusplus
}
#endif
#endif
