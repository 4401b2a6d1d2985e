/* admm.h — a net cut into layers, and the variables that stand between them.
 *
 * What the methods of this folder have in common: layers, memory, the updates that are
 * descent along one block, and the solution for the last z.  One method is one file.
 *
 * Samples are rows here, so the paper's W p is p W^T.  n is the number of rows that
 * this rank holds.  The paper's layer l is layers[l - 1]. */

#ifndef TALLY_TRAINER_ADMM_ADMM_H
#define TALLY_TRAINER_ADMM_ADMM_H

#include "tally/codec.h"
#include "tally/collective.h"
#include "tally/run.h"

#include "trainer/admm/loops.h"

enum { ADMM_LAYERS_MOST = 1024 };

typedef enum admm_kind { ADMM_PDADMM, ADMM_DLADMM, ADMM_MDLAM } admm_kind;

typedef enum admm_step_kind { ADMM_EXACT, ADMM_DOUBLE } admm_step_kind;

typedef enum admm_variant { ADMM_SPEC, ADMM_RELEASED } admm_variant;

typedef enum admm_quantize { ADMM_NONE, ADMM_P, ADMM_PQ, ADMM_Q } admm_quantize;

/* The options of the trainer: src/trainer/admm.c documents each.  nu, rho, mu,
 * deviation and first are NAN until set: the method has its own. */
typedef struct admm_options {
    int method, step, variant, quantize;
    double nu, rho, mu;
    tally_sizes grow, iterations;
    double deviation, first;
    uint64_t bits, levels;
    double low, high;
    double eps, eps_least;
    uint64_t refresh, every;
    bool check;
    double flops;
} admm_options;

/* The sums of one layer that make up Lagrangian, objective and residual. */
typedef struct admm_terms {
    double risk;       /* R(z_L); 0 of other layers */
    double fit;        /* |W p + b - z|^2 */
    double ridge;      /* |W|^2 */
    double activation; /* |q - f(z)|^2, of dlADMM |a - f(z)|^2 */
    double dual;       /* <u, p - q>, of dlADMM <u, z - W a - b> */
    double residual;   /* |p - q|^2, of dlADMM that of the last fit; mDLAM: the most
                          that |a - f(z)| is */
} admm_terms;

typedef struct admm_layer {
    size_t index; /* the paper's l, from 1 */
    size_t in, out;
    tally_real slope;  /* f(z) = z > 0 ? z : slope z follows it; the last has no f */
    tally_real *w, *b; /* out × in and out values of the run's vector */
    int owner;         /* the group that updates it */

    /* Of the owner: n × in, and n × out. */
    tally_real *p; /* the input; a of dlADMM and mDLAM; of layer 1: the samples */
    tally_real *y; /* W p, kept as W and p move */
    tally_real *z;
    tally_real *q, *u; /* pdADMM: all but the last; dlADMM: u of the last */
    /* mDLAM: W and p one iteration ago; room to come back to; the box of p. */
    tally_real *old_w, *old_p, *last_w, *last_y, *last_p, *low, *high;

    /* The neighbours' side of its two cuts: theirs, or the copies of remote ones. */
    tally_real *q_below, *u_below, *p_above;
    tally_real *q_copy, *u_copy, *p_copy;
    double tau, theta; /* the last steps were 1 / tau and 1 / theta */
    double moved;      /* |d|^2 of the last step of p or W */
    admm_terms terms;  /* pdADMM: of a hidden layer, but the ridge; once measured */
    bool measured;
} admm_layer;

typedef struct admm admm;

/* What a method takes where the user says nothing. */
typedef struct admm_defaults {
    double nu, rho, mu, deviation, first;
} admm_defaults;

typedef struct admm_method {
    const char *name;
    admm_defaults defaults;
    bool sequential;       /* a sweep through the layers: the pipeline is one rank */
    bool residual_is_most; /* over entries, not a sum of squares */
    /* Memory that the method has beside p, y and z. */
    tally_status (*open)(admm *a);
    tally_status (*iterate)(admm *a, uint64_t iteration);
    tally_status (*settle)(admm *a); /* optional: nothing is under way afterwards */
    void (*measure)(admm *a, const admm_layer *l, admm_terms *t);
    /* Adds one layer's share of the Lagrangian (of mDLAM: of F). */
    double (*lagrangian)(const admm *a, const admm_terms *t);
    double (*objective)(const admm *a, const admm_terms *t);
    /* Whether it is proved that the Lagrangian never rises with these options. */
    bool (*descends)(const admm *a);
} admm_method;

extern const admm_method admm_pdadmm, admm_dladmm, admm_mdlam;

/* One direction of one cut: values, or the codes of values on the grid. */
typedef struct admm_wire {
    tally_request request;
    void *codes; /* NULL: the values themselves travel */
} admm_wire;

/* What survives from one iteration to the next beside the layers' variables. */
typedef struct admm_scalars {
    double nu, rho;
    double lagrangian; /* after the iteration before; INFINITY: a stage begins */
    double cost[2];    /* released: the two last training costs */
    double s;          /* mDLAM: Nesterov's scalar */
    double omega;      /* mDLAM: what it extrapolates by */
    double eps;        /* mDLAM: half the width of the box */
} admm_scalars;

struct admm {
    const admm_options *o;
    const admm_method *method;
    tally_comm *comm;
    /* Rank r of comm is member r % team_size of group r / team_size; a group has a
     * block of layers, and a member of it a share of the rows. */
    int group, groups, team_size;
    tally_comm *team; /* the ranks that share a block, each with rows of its own; NULL:
                         none */
    tally_sum sum;    /* of the team */
    tally_gather scalar_sums;
    double *team_sums;    /* owned: what goes into them, as long as the widest layer */
    size_t n;             /* rows here */
    size_t total;         /* rows of the whole team */
    const int32_t *label; /* n */
    tally_real *x;        /* n × layers[0].in; NULL without layer 1 */
    tally_real *gram;     /* X X^T: n × n; NULL where it would not pay */

    admm_layer *layers; /* owned */
    size_t count;
    admm_layer **chain; /* owned: the layers of the present stage, depth of them */
    size_t depth;
    size_t first, end; /* [first, end) of the chain are this rank's */

    admm_scalars *scalars;                /* part of the state */
    tally_codec grid;                     /* open when something is quantised */
    void *codes;                          /* room for rounding */
    admm_wire p_down, p_up, q_up, q_down; /* p to the rank below, from above; q ... */
    tally_real *r, *g, *gw; /* room: n × out, n × in, n × out of the widest */
    tally_real *gradient;   /* room: the longest W */
    tally_real *trial;      /* room: n × the widest */
    double *column;         /* room of the last z */
    uint64_t iteration;
    /* check: the layer before its step, and how large the terms of the sum were. */
    double before, size;
    tally_real *before_z, *before_b, *before_grid;
    bool arriving; /* q of the layer below is on its way */
    /* Seconds in which messages were on their way: while this rank computed, and while
     * it waited; when they were last added up. */
    double hidden, exposed, seen;
    tally_spent spent; /* encode, wait, decode: of this process */

    void **rooms; /* owned, with what they point at */
    size_t room_count;
    tally_state *state; /* what a checkpoint holds; borrowed, filled by admm_keep */
    tally_slot *slots;  /* owned */
    char (*names)[TALLY_NAME_MOST]; /* owned */
    size_t slots_most;
};

/* ---- problem.c: memory ---- */

/* What is known of a layer before anything is allocated. */
typedef struct admm_shape {
    size_t in, out;
    tally_real slope;
    tally_real *w, *b;
    int owner;
    bool last; /* no activation, but R(z) follows it */
} admm_shape;

/* label: n of them, borrowed; a->o, a->method, a->comm and a->state are set.  Local. */
tally_status admm_open(admm *a, const admm_shape *shapes, size_t count, size_t n,
                       const int32_t *label);
void admm_close(admm *a);

/* *to <- zeroed memory that a checkpoint does not hold; freed by admm_close. */
tally_status admm_room(admm *a, tally_real **to, size_t count);

/* Once a->x is filled: what can be computed of it beforehand.  Local. */
tally_status admm_take_samples(admm *a);

/* *to <- zeroed memory that a checkpoint holds: `count` values, named "z3". */
tally_status admm_keep(admm *a, const char *name, size_t index, size_t count,
                       tally_real **to);

/* ---- net.c: which nets ---- */

/* shapes[0..*count) <- the run's dense layers; at most ADMM_LAYERS_MOST.  Refuses a
 * net, a loss or a penalty that has no closed form.  Local. */
tally_status admm_read_net(const tally_run *run, admm_shape *shapes, size_t *count);

/* ---- samples.c ---- */

/* a->x, if it is there, and label <- those training rows, in the order of the seed;
 * then admm_take_samples.  Local. */
tally_status admm_fetch_samples(admm *a, const tally_run *run, tally_span share,
                                int32_t *label);

/* ---- growth.c: when which layers train ---- */

/* Stage s trains depth[s] layers, in the steps [begins[s], begins[s + 1]). */
typedef struct admm_growth {
    size_t stages, depth[TALLY_SIZES_MOST + 1];
    uint64_t begins[TALLY_SIZES_MOST + 2];
} admm_growth;

/* A net whose hidden widths differ cannot grow by identities: one stage. */
void admm_plan_growth(admm_growth *plan, const admm_options *o,
                      const admm_shape *shapes, size_t count);
size_t admm_stage_at(const admm_growth *plan, uint64_t step);

/* Stage 0 draws all that train and makes the others the identity; a later stage draws
 * the last layer again, and the last stage makes it the first rows of the identity. */
void admm_start_weights(admm *a, const tally_run *run, size_t stage, bool last_stage);

/* ---- stage.c: the variables of layers that begin to train ---- */

/* f(z) of the layer. */
void admm_activate(const admm *a, const admm_layer *l, tally_real *to);

typedef enum admm_output { ADMM_ZERO, ADMM_SIGNS, ADMM_FORWARD } admm_output;

/* The chain <- layers 1 .. depth-1 and the last one.  Local. */
void admm_link(admm *a, size_t depth);

/* The first `kept` layers of the chain keep their variables; those after them start
 * from the weights they have: p = q below, z = W p + b, q = f(z), and the last z as
 * `output` says.  All u = 0.  Collective over the pipeline. */
tally_status admm_begin(admm *a, size_t kept, admm_output output);

/* The copies of remote neighbours <- what their owners hold.  Collective. */
tally_status admm_meet(admm *a);

/* ---- team.c: ranks that share layers; each does nothing without a team ---- */

/* a->team is set; the last close it.  Collective over the team. */
tally_status admm_open_team(admm *a);
void admm_close_team(admm *a);
/* sums[0..count) <- their sums over the team, in rank order; count: at most the widest
 * layer, or 4. */
tally_status admm_sum_team(admm *a, double *sums, size_t count);
/* a->gradient[0..length) <- its sum over the team. */
tally_status admm_sum_gradient(admm *a, size_t length);

/* ---- blocks.c: updates along one block; double sums, the same bits everywhere ---- */

double admm_dot(const tally_real *a, const tally_real *b, size_t n);

/* The loops as compiled for the instruction set in use. */
const admm_loops *admm_loops_used(void);

/* a->r <- scale (y + b - z) - minus;  minus: n × out or NULL. */
void admm_residual(admm *a, const admm_layer *l, double scale, const tally_real *minus);

/* y <- W p. */
void admm_product(const admm *a, const admm_layer *l);

/* a->g <- r W, or (add) a->g + r W. */
void admm_pull_back(admm *a, const admm_layer *l, bool add);

/* tau for a curvature of `ratio` along the gradient; INFINITY: do not move. */
double admm_step(const admm *a, double ratio);

/* x moves against g = a->g + r W, where a->r holds scale (W x + b - z), the objective's
 * curvature is scale |W d|^2 + pull |d|^2, and a->g the gradient of the rest.  Then
 * y = W x again.  bound: where x must stay, or NULL. */
typedef struct admm_bound {
    bool grid;                    /* the levels of a->grid; else the box */
    const tally_real *low, *high; /* n × in */
} admm_bound;

tally_status admm_move_input(admm *a, admm_layer *l, double scale, double pull,
                             const admm_bound *bound);

/* The same, once a->g is the whole of g. */
tally_status admm_descend_input(admm *a, admm_layer *l, double scale, double pull,
                                const admm_bound *bound);

/* W moves against G = r^T p + mu W, where a->r holds scale (W p + b - z).  The ridge mu
 * is part of the curvature that theta must cover, or (proximal) of the step alone. */
tally_status admm_move_weights(admm *a, admm_layer *l, double scale, double mu,
                               bool proximal);

/* b <- b - mean over rows of r / scale: the exact minimiser. */
tally_status admm_move_bias(admm *a, admm_layer *l, double scale);

/* What holds z where it was: weights of (z - z before)^2 in the minimisers, and in the
 * choice between them. */
typedef struct admm_prox {
    int step, choice; /* 0 or 1 */
} admm_prox;

/* z <- argmin (z - y - b)^2 + (q - f(z))^2 + (z - z before)^2, entry by entry: the
 * better of the minimisers for z <= 0 and for z >= 0; the one below when they are
 * equal. */
void admm_solve_hidden(const admm *a, admm_layer *l, const tally_real *q,
                       admm_prox prox);

/* Of these rows alone. */
void admm_solve_rows(admm_layer *l, const tally_real *q, admm_prox prox,
                     tally_span rows);

/* v <- the nearest levels of the grid. */
tally_status admm_round(admm *a, tally_real *v, size_t count);

/* ---- output.c: the last z ---- */

/* z <- argmin R(z) + scale/2 |z - m|^2, column by column, m = y + b - minus / scale;
 * starts from z.  minus: n × out or NULL. */
void admm_solve_output(admm *a, admm_layer *l, double scale, const tally_real *minus);
double admm_risk(const admm *a, const admm_layer *l);

/* ---- check.c: with check=true; else each does nothing ---- */

/* Before the first step of a layer, and after each of its steps 'p', 'W', 'b', 'z'. */
void admm_check_begin(admm *a, const admm_layer *l);
tally_status admm_check_step(admm *a, const admm_layer *l, char block);
/* After an iteration of pdADMM: u, and the grids. */
tally_status admm_check_layer(admm *a, const admm_layer *l);
/* scale (z - m) + minus = Y - softmax(z) of the last layer, right after it is solved.
 */
tally_status admm_check_output(const admm *a, const admm_layer *l, double scale,
                               const tally_real *minus);

/* ---- verdict.c: what all ranks know of an iteration ---- */

typedef struct admm_verdict {
    double lagrangian, objective, residual;
    double risk; /* R(z_L) */
    double size; /* of the terms of the Lagrangian, whatever their signs */
    bool stop;   /* a rank was asked to stop */
} admm_verdict;

typedef struct admm_record admm_record;

typedef struct admm_reports {
    tally_gather all;
    admm_record *mine; /* owned */
} admm_reports;

/* Collective; after a failure it must still be closed. */
tally_status admm_open_reports(admm_reports *r, const admm *a);
void admm_close_reports(admm_reports *r);

/* The same on every rank; TALLY_DIVERGED, with iteration and layer, if a sum is not
 * finite, and with check=true if the Lagrangian rose.  Collective. */
tally_status admm_judge(admm_reports *r, admm *a, const tally_run *run,
                        admm_verdict *v);

/* ---- evaluate.c ---- */

/* The exact score of a split by the weights of each layer's owner.  Collective. */
tally_status admm_evaluate(admm *a, const tally_run *run, tally_split split,
                           tally_score *score);

/* ---- cost.c: who has which layer ---- */

/* FLOPs of one iteration of a layer with n rows. */
double admm_layer_flops(const admm_shape *shape, size_t index, size_t n);
/* owner of each layer <- contiguous blocks, the heaviest as light as can be. */
void admm_partition(admm_shape *shapes, size_t count, size_t n, int ranks);

/* ---- pipeline.c: what crosses the cuts ---- */

/* The rank of a->comm in that group which has the rows of this rank. */
int admm_peer(const admm *a, int group);

/* A message has begun to leave, or to be awaited; v must stay as it is, and is written
 * by arrive. */
tally_status admm_send(admm *a, admm_wire *wire, int to, int tag, const tally_real *v,
                       size_t count);
tally_status admm_await(admm *a, admm_wire *wire, int from, int tag, tally_real *v,
                        size_t count);
tally_status admm_sent(admm *a, admm_wire *wire);
tally_status admm_arrive(admm *a, admm_wire *wire, tally_real *v, size_t count);

/* tally_poll of a->comm; between iterations nothing is added to hidden or exposed. */
tally_status admm_poll(admm *a);
void admm_begin_looking(admm *a);

/* For a trace: what is solved for from now on, of this layer (NULL: of none). */
void admm_solve_for(const admm *a, const char *unknowns, const admm_layer *l);

#endif
