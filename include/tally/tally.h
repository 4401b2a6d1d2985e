/* tally.h — distributed training over MPI: the whole library, and its tour.
 *
 * A run is a trainer driving an objective over a comm.  Lockstep training is five
 * verbs:
 *
 *     gradient   g <- grad f(w; batch)          objective.h   model.h, source.h
 *     propose    g <- what this rank says       rule.h
 *     exchange   g <- what the ranks agree on   exchange.h    codec.h, collective.h,
 *                                                             comm.h
 *     apply      w <- w moved by g              rule.h        schedule.h
 *     mix        w <- averaged with neighbours  exchange.h
 *
 * run.h ties them together.  option.h says how a table becomes options, help and state;
 * layout.h what vectors, spans and views are; status.h how failures travel. */

#ifndef TALLY_H
#define TALLY_H

#include "tally/aggregate.h"
#include "tally/attack.h"
#include "tally/codec.h"
#include "tally/collective.h"
#include "tally/comm.h"
#include "tally/exchange.h"
#include "tally/layout.h"
#include "tally/ledger.h"
#include "tally/model.h"
#include "tally/objective.h"
#include "tally/option.h"
#include "tally/penalty.h"
#include "tally/rule.h"
#include "tally/run.h"
#include "tally/schedule.h"
#include "tally/source.h"
#include "tally/status.h"

#define TALLY_VERSION "0.1.0"

#endif
