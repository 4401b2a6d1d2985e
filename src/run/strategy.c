/* strategy.c — strategies: named rows of choices.
 *
 *     name        trainer     exchange     rule         rate
 *     allreduce   lockstep    allreduce    as it is     as it is
 *     vote        lockstep    vote         signum       0.001: each weight moves so far
 *     powersgd    lockstep    powersgd     as it is     as it is
 *     async       server      -            sgd          as it is
 *     pdadmm      admm        -            -            -
 *     dladmm      admm        -            -            -
 *     mdlam       admm        -            -            -
 *
 * Whatever the user sets by its own name (--rule lion) wins over the row; see config.h.
 * A strategy has no options of its own: those of its members do. */

#include "tally/run.h"

static const tally_strategy_ops allreduce = {
    .about = {.name = "allreduce",
              .brief = "the mean gradient of all ranks, for any rule",
              .paper = "Goyal et al. 2017, arXiv:1706.02677"},
    .trainer = "lockstep",
    .exchange = "allreduce",
};

static const tally_strategy_ops vote = {
    .about = {.name = "vote",
              .brief = "one bit a weight: each rank votes with its momentum's sign",
              .paper = "Bernstein et al. 2019, arXiv:1810.05291"},
    .trainer = "lockstep",
    .exchange = "vote",
    .rule = "signum",
    .rate = "0.001",
};

static const tally_strategy_ops powersgd = {
    .about = {.name = "powersgd",
              .brief = "sums of low-rank factors of the gradient, for any rule",
              .paper = "Vogels et al. 2019, arXiv:1905.13727"},
    .trainer = "lockstep",
    .exchange = "powersgd",
};

static const tally_strategy_ops async = {
    .about = {.name = "async",
              .brief = "a parameter server applies each gradient when it arrives",
              .paper = "Dean et al. 2012, Large Scale Distributed Deep Networks"},
    .trainer = "server",
    .rule = "sgd", /* staleness acts as momentum: arXiv:1605.09774 */
};

static const tally_strategy_ops pdadmm = {
    .about = {.name = "pdadmm",
              .brief = "no gradient: layers on many ranks, all updated at once",
              .paper = "Wang et al. 2021, arXiv:2105.09837"},
    .trainer = "admm",
};

static const tally_strategy_ops dladmm = {
    .about = {.name = "dladmm",
              .brief = "no gradient: sweeps backward and forward over the layers",
              .paper = "Wang et al. 2019, arXiv:1905.13611"},
    .trainer = "admm:method=dladmm",
};

static const tally_strategy_ops mdlam = {
    .about = {.name = "mdlam",
              .brief = "no gradient: activations in boxes, with momentum",
              .paper = "Wang et al. 2018, arXiv:1811.04187"},
    .trainer = "admm:method=mdlam",
};

static const tally_about *const members[] = {
    &allreduce.about, &vote.about,   &powersgd.about, &async.about,
    &pdadmm.about,    &dladmm.about, &mdlam.about,    NULL};

const tally_family tally_strategy_family = {
    .name = "strategy",
    .flag = "--strategy",
    .brief = "a named row of trainer, exchange and rule",
    .members = members,
};
