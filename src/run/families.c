/* families.c — every family of the library, in the order of the tour. */

#include "tally/aggregate.h"
#include "tally/attack.h"
#include "tally/codec.h"
#include "tally/run.h"

const tally_family *const tally_families[] = {
    &tally_comm_family,
    &tally_source_family,
    &tally_model_family,
    &tally_layer_family,
    &tally_loss_family,
    &tally_penalty_family,
    &tally_rule_family,
    &tally_schedule_family,
    &tally_clip_family,
    &tally_codec_family,
    &tally_aggregate_family,
    &tally_exchange_family,
    &tally_attack_family,
    &tally_trainer_family,
    &tally_consistency_family,
    &tally_strategy_family,
    NULL,
};
