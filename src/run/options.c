/* options.c — the options of a run: the flags of `tally train`.
 *
 * Names have '_' here and '-' where a person types them; both are read.  A family's
 * default is a member's name, whose own defaults then apply. */

#include "tally/run.h"

static const tally_option options[] = {
    TALLY_OPTION(TEXT, tally_config, comm, "auto", NULL,
                 "how ranks reach each other; auto: mpi under a launcher, else self"),
    TALLY_OPTION(TEXT, tally_config, data, "digits", NULL, "where samples come from"),
    TALLY_OPTION(TEXT, tally_config, model, "mlp", NULL, "what is trained"),
    TALLY_OPTION(TEXT, tally_config, loss, "cross_entropy", NULL, "what is minimised"),
    TALLY_OPTION(TEXT, tally_config, rule, "momentum", NULL,
                 "how an agreed vector moves the weights"),
    TALLY_OPTION(TEXT, tally_config, schedule, "constant", NULL,
                 "the rate over time, as a factor"),
    TALLY_OPTION(TEXT, tally_config, penalty, "none", NULL,
                 "what is minimised beside the loss"),
    TALLY_OPTION(TEXT, tally_config, clip, "none", NULL, "bound on the gradient"),
    TALLY_OPTION(TEXT, tally_config, exchange, "allreduce", NULL, "how ranks agree"),
    TALLY_OPTION(TEXT, tally_config, codec, "fp32", NULL,
                 "numbers to bytes, for exchange gather"),
    TALLY_OPTION(TEXT, tally_config, aggregate, "mean", NULL,
                 "the ranks' vectors to one, for exchange gather"),
    TALLY_OPTION(TEXT, tally_config, attack, "none", NULL,
                 "what some ranks say instead of the truth, for studies"),
    TALLY_OPTION(TEXT, tally_config, trainer, "lockstep", NULL, "who owns the loop"),
    TALLY_OPTION(TEXT, tally_config, consistency, "async", NULL,
                 "whom a worker of trainer server waits for"),
    TALLY_OPTION(REAL, tally_config, rate, "0.1", "(0, inf)",
                 "base learning rate, which the schedule scales"),
    TALLY_OPTION(CHOICE, tally_config, rate_scaling, "none", "none|linear|sqrt",
                 "how the rate grows with the global batch; warm-up starts unscaled"),
    TALLY_OPTION(COUNT, tally_config, rate_reference, "256", "[1, 1e12]",
                 "the global batch that the rate is meant for, read when it is scaled"),
    TALLY_OPTION(COUNT, tally_config, batch, "32", "[1, 1e9]",
                 "samples per rank at a time; a step takes accumulate of them"),
    TALLY_OPTION(
        COUNT, tally_config, accumulate, "1", "[0, 1e9]",
        "batches per rank and step, summed before the exchange; 0: all there are"),
    TALLY_OPTION(COUNT, tally_config, epochs, "10", "[1, 1e9]",
                 "passes over the training rows"),
    TALLY_OPTION(COUNT, tally_config, steps, "0", NULL,
                 "stop after so many steps instead; 0: epochs decide"),
    TALLY_OPTION(COUNT, tally_config, warmup, "0", NULL,
                 "steps in which the rate grows linearly to its base"),
    TALLY_OPTION(COUNT, tally_config, validate, "0", NULL,
                 "training rows held out for validation"),
    TALLY_OPTION(COUNT, tally_config, seed, "1", NULL,
                 "all randomness is a function of it"),
    TALLY_OPTION(COUNT, tally_config, threads, "0", "[0, 4096]",
                 "threads per rank for products; 0: from the machine and the binding"),
    TALLY_OPTION(COUNT, tally_config, bucket, "1024", "[1, 1e9]",
                 "KiB of gradient that travel together"),
    TALLY_OPTION(COUNT, tally_config, checkpoint_every, "0", NULL,
                 "steps between checkpoints; 0: once an epoch"),
    TALLY_OPTION(COUNT, tally_config, keep, "2", "[1, 1e6]", "checkpoints kept"),
    TALLY_OPTION(COUNT, tally_config, log_every, "0", NULL,
                 "steps between metrics; 0: once an epoch"),
    TALLY_OPTION(
        COUNT, tally_config, census, "1", NULL,
        "steps between counts of values that are not finite in what ranks say; "
        "0: never"),
    TALLY_OPTION(COUNT, tally_config, replica_every, "100", NULL,
                 "steps between comparisons of all ranks' weights by a hash; 0: at "
                 "checkpoints alone"),
    TALLY_OPTION(CHOICE, tally_config, resync, "abort", "abort|broadcast",
                 "when they differ: end the run, or take over those of most ranks"),
    TALLY_OPTION(TEXT, tally_config, start, NULL, NULL,
                 "a run folder or a checkpoint whose weights are the first ones"),
    TALLY_OPTION(REAL, tally_config, patience, "5", "(0, inf)",
                 "seconds of silence before a rank says of whom; trainer server then "
                 "goes on without it"),
    TALLY_OPTION(REAL, tally_config, timeout, "600", "[0, inf)",
                 "seconds in one wait that end the run, with a table of what each rank "
                 "does; 0: never"),
    TALLY_OPTION(
        TEXT, tally_config, out, NULL, NULL,
        "the run folder: manifest, metrics, checkpoints; without it nothing is "
        "kept"),
    TALLY_OPTION(
        TEXT, tally_config, trace, NULL, NULL,
        "a file for what all ranks did when, for Perfetto or chrome://tracing"),
    TALLY_OPTION(COUNT, tally_config, trace_spans, "8000", "[100, 1e8]",
                 "of each kind that a rank keeps for the trace, the last ones"),
    TALLY_END,
};

const tally_about tally_config_about = {
    .name = "train",
    .brief = "the options of a run",
    .paper = "",
    .options = options,
    .options_size = sizeof(tally_config),
};
