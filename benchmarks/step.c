/* The front and attrition step by hand: the reference that the model's speed and equations are held against.

   The equations are those told at the top of model/front.py, model/attrition.py and model/noise.py, written once more
   and fused: the run axis is innermost and its length a constant, so that every loop over it is whole vectors; the cells
   in reach are sorted by axis, so that the search for lambda works on one side and axis in cache; nothing is computed
   twice. The search for lambda takes the model's own steps, so that both end at the same lambda; momentum fades over the
   whole map in both. Arrays are single precision, dimensions as in the model, the run axis last. case.h is made by
   native.py: the model's constants, the lengths of dimensions and `struct wars`, with one pointer for each array.

   exp and log are short series, good to 3e-7 of their value; the quantile of the normal is Giles (2012), "Approximating
   the erfinv function". */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "case.h"

#define EACH_RUN _Pragma("GCC ivdep") for (int r = 0; r < RUNS; r++)
#define EACH_LANE _Pragma("GCC ivdep") for (int l = 0; l < LANES; l++)
#define LANES 16 /* runs that a search holds in registers */
#define BATCH 32 /* cells whose luck is drawn at a time */
#define MOST_RATIO 1e7f

typedef float row[RUNS];

enum { ATTRITION, REACH, NOISE, WEIGHT, AXES_STEP, SEARCH, FADE, MOVE, PHASES };

static inline float least(float a, float b) { return a < b ? a : b; }
static inline float most(float a, float b) { return a > b ? a : b; }
static inline float within(float x, float low, float high) { return least(most(x, low), high); }

static inline float from_bits(int32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

static inline int32_t to_bits(float x) {
    int32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}

/* 2^n e^f by the exponential series of f, |f| <= ln 2 / 2. */
static inline float exponential(float x) {
    x = within(x, -87.0f, 88.0f);
    float n = rintf(x * 1.44269504f), f = x - n * 0.693147181f;
    float series = 1 + f * (1 + f * (1 / 2.0f + f * (1 / 6.0f + f * (1 / 24.0f + f * (1 / 120.0f + f / 720)))));
    return series * from_bits(((int32_t)n + 127) << 23);
}

/* n ln 2 + 2 artanh((m - 1) / (m + 1)) for x = 2^n m, m from sqrt(1/2) to sqrt(2); x must be positive and normal. */
static inline float logarithm(float x) {
    int32_t n = (to_bits(x) - 0x3f3504f3) >> 23;
    float m = from_bits(to_bits(x) - (n << 23));
    float s = (m - 1) / (m + 1), q = s * s;
    return n * 0.693147181f + s * (2 + q * (2 / 3.0f + q * (2 / 5.0f + q * (2 / 7.0f + q * (2 / 9.0f)))));
}

static inline float power(float x, float exponent) { return exponential(exponent * logarithm(most(x, 1e-30f))); }

/* 1 - e^-x for x >= 0, without cancellation. */
static inline float fading(float x) {
    float series = x * (1 - x * (1 / 2.0f - x * (1 / 6.0f - x * (1 / 24.0f - x * (1 / 120.0f - x / 720)))));
    return x < 0.3f ? series : 1 - exponential(-x);
}

static inline float normal_quantile(float u) {
    static const float near[9] = {2.81022636e-08f, 3.43273939e-07f, -3.5233877e-06f, -4.39150654e-06f, 2.1858087e-04f,
                                  -1.25372503e-03f, -4.17768164e-03f, 0.246640727f, 1.50140941f};
    static const float far[9] = {-2.00214257e-04f, 1.00950558e-04f, 1.34934322e-03f, -3.67342844e-03f, 5.73950773e-03f,
                                 -7.6224613e-03f, 9.43887047e-03f, 1.00167406f, 2.83297682f};
    float x = 2 * u - 1, w = -logarithm((1 - x) * (1 + x));
    float a = w - 2.5f, b = sqrtf(most(w, 0)) - 3, p = near[0], q = far[0];
    for (int k = 1; k < 9; k++) p = p * a + near[k], q = q * b + far[k];
    return 1.41421356f * x * (w < 5 ? p : q);
}

/* Threefry-2x32 with 20 rounds: both words for one element and all runs. */
static inline void threefry(const uint32_t key[2], uint32_t element, const uint32_t *run, uint32_t *one, uint32_t *two) {
    static const int turn[8] = {13, 15, 26, 6, 17, 29, 16, 24};
    const uint32_t schedule[3] = {key[0], key[1], key[0] ^ key[1] ^ 0x1BD11BDAu};
    EACH_RUN {
        uint32_t x = element + schedule[0], y = run[r] + schedule[1];
#pragma GCC unroll 20
        for (int k = 0; k < 20; k++) {
            x += y;
            y = (y << turn[k % 8] | y >> (32 - turn[k % 8])) ^ x;
            if (k % 4 == 3) {
                int block = k / 4;
                x += schedule[(block + 1) % 3];
                y += schedule[(block + 2) % 3] + block + 1;
            }
        }
        one[r] = x;
        two[r] = y;
    }
}

static inline float to_unit(uint32_t bits) { return ((int32_t)(bits >> 9) + 0.5f) * 0x1p-23f; }

static void key_of(const struct wars *w, uint32_t salt, int week, uint32_t key[2]) {
    key[0] = w->seed[0] ^ salt;
    key[1] = w->seed[1] + (uint32_t)week * 0x9E3779B9u;
}

static void uniform(const struct wars *w, uint32_t salt, int week, int element, row u) {
    uint32_t key[2], one[RUNS], two[RUNS];
    key_of(w, salt, week, key);
    threefry(key, element, w->run, one, two);
    EACH_RUN u[r] = to_unit(one[r]);
}

static void wander(row rate, const float *mean, int mean_is_log, const float *spread, const float *half_life, const row u) {
    EACH_RUN {
        float memory = exponential(-0.693147181f / half_life[r]), centre = mean_is_log ? mean[r] : logarithm(mean[r]);
        rate[r] = centre + memory * (rate[r] - centre) + spread[r] * sqrtf(1 - memory * memory) * normal_quantile(u[r]);
    }
}

/* How many of a stock fall: the clipped normal quantile of the binomial. */
static inline float fall(float stock, float hazard, float u) {
    float p = fading(hazard), mean = stock * p;
    return within(mean + sqrtf(mean * (1 - p)) * normal_quantile(u), 0, stock);
}

/* A row of an array [..., run] counted in rows. */
#define AT(array, index) ((array) + (size_t)(index) * RUNS)

static void attrition(struct wars *w, int week) {
    row strength[SIDES], drones[SIDES], received[SIDES], u;
    for (int s = 0; s < SIDES; s++) EACH_RUN {
        float sum = 0;
        for (int a = 0; a < AXES; a++) sum += AT(w->in_density, s * AXES + a)[r];
        drones[s][r] = sum / AXES;
        strength[s][r] = most(AT(w->attrition_troops, s)[r], 1) / AT(w->attrition_troops_opening, s)[r];
    }
    for (int s = 0; s < SIDES; s++) {
        const float *effort = AT(w->in_effort, s), *exposure = AT(w->in_exposure, s), *fire = AT(w->in_fire, 1 - s);
        const float *shells = AT(w->in_artillery, 1 - s), *bombs = AT(w->in_air, 1 - s);
        EACH_RUN {
            float rest = 1 - w->attrition_drone_share[r], guns = rest * w->attrition_artillery_share[r];
            float air = (rest - guns) * w->attrition_air_share[r];
            float mix = 1 + w->attrition_drone_share[r] * (power(drones[1 - s][r], w->attrition_drone_exponent[r]) - 1) +
                        guns * (power(shells[r], w->attrition_artillery_exponent[r]) - 1) +
                        air * (power(bombs[r], w->attrition_air_exponent[r]) - 1);
            float pressure = power(strength[s][r], w->attrition_own_exponent[r] - 1) *
                             power(strength[1 - s][r], w->attrition_enemy_exponent[r]);
            float hold = w->attrition_hold[r];
            float attack = (1 - hold) * effort[r] * power(exposure[r], w->attrition_exposure_exponent[r]);
            received[s][r] = pressure * fire[r] * most(mix, 0) * (hold + attack);
        }
    }
    for (int s = 0; s < SIDES; s++) {
        float *troops = AT(w->attrition_troops, s), *intensity = AT(w->attrition_intensity, s);
        const float *killed_share = AT(w->attrition_killed_share, s), *captured = AT(w->in_captured, s);
        const float *leaving = AT(w->in_leaving, s), *arriving = AT(w->in_arriving, s);
        float *out_casualties = AT(w->out_casualties, week * SIDES + s), *out_killed = AT(w->out_killed, week * SIDES + s);
        uniform(w, SALT_ATTRITION_FALL, week, s, u);
        EACH_RUN {
            float casualties = least(fall(troops[r], exponential(intensity[r]) * received[s][r], u[r]), troops[r]);
            float stuck = w->attrition_medevac_drones[r] * logarithm(most(drones[1 - s][r], 1e-3f)) +
                          w->attrition_medevac_cold[r] * w->in_colder[r] / 10;
            float share = within(killed_share[r], 1e-6f, 1 - 1e-6f);
            share = 1 / (1 + (1 - share) / share * exponential(-stuck));
            float left = troops[r] - casualties, surrendered = least(captured[r], left);
            troops[r] = left - surrendered - least(leaving[r], left - surrendered) + arriving[r];
            out_casualties[r] = casualties;
            out_killed[r] = casualties * share;
        }
        uniform(w, SALT_ATTRITION_INTENSITY, week, s, u);
        wander(intensity, AT(w->attrition_casualty_rate, s), 0, AT(w->attrition_spread, s), AT(w->attrition_half_life, s), u);
        for (int i = s * ITEMS; i < (s + 1) * ITEMS; i++) {
            float *pieces = AT(w->attrition_equipment, i), *shop = AT(w->attrition_workshop, i);
            float *rate = AT(w->attrition_item_intensity, i), *out_lost = AT(w->out_lost, week * SIDES * ITEMS + i);
            const float *ratio = AT(w->attrition_damage_ratio, i), *time = AT(w->attrition_repair_time, i);
            const float *delivered = AT(w->in_delivered, i);
            uniform(w, SALT_ATTRITION_BREAK, week, i, u);
            EACH_RUN {
                float lost = least(fall(pieces[r], exponential(rate[r]) * received[s][r], u[r]), pieces[r]);
                float damaged = least(lost * ratio[r], pieces[r] - lost), repaired = shop[r] * fading(1 / time[r]);
                pieces[r] += delivered[r] + repaired - lost - damaged;
                shop[r] += damaged - repaired;
                out_lost[r] = lost;
            }
            uniform(w, SALT_ATTRITION_ITEM, week, i, u);
            wander(rate, AT(w->attrition_loss_rate, i), 0, AT(w->attrition_item_spread, i), AT(w->attrition_item_half_life, i), u);
        }
    }
}

/* What a chunk needs beside its state. */
struct scratch {
    float *top, *bottom;      /* [cell] most that either side holds of a cell in any run */
    int *garrison;            /* [cell] */
    int *list, *start;        /* cells in reach, sorted by axis; where each axis starts */
    float *cube, *km2;        /* [side, place, run] (w/u)^3; km2 that the enemy holds of it */
    float *momentum;          /* [side, cell, run] of the coming week */
    row *steady;              /* [garrison + 1, run] */
    row sums[SIDES][3][AXES]; /* km2 that the side can enter; the enemy's works and the height there */
    row few[SIDES][AXES], best[SIDES][AXES], multiple[SIDES][AXES], scale[SIDES][AXES], wanted[SIDES][AXES];
    row taken[SIDES][AXES], residents[SIDES][AXES];
};

static void extremes(struct scratch *x, int cell, const float *held) {
    float high = held[0], low = held[0];
    EACH_RUN high = most(high, held[r]), low = least(low, held[r]);
    x->top[cell] = high;
    x->bottom[cell] = 1 - low;
}

/* Cells that could change in some run, sorted by axis. */
static void reach(struct wars *w, struct scratch *x) {
    static int found[1 << 20];
    int number = 0, count[AXES + 1] = {0};
    for (int c = 0; c < w->cells - 1; c++) {
        const int *beside = w->ground_neighbour + 6 * c;
        float own = most(x->top[c], w->ground_border[c]), other = most(x->bottom[c], w->ground_border[w->cells + c]);
        for (int k = 0; k < 6; k++) own = most(own, x->top[beside[k]]), other = most(other, x->bottom[beside[k]]);
        int open = ((own > TRACE) & (x->bottom[c] > TRACE)) | ((other > TRACE) & (x->top[c] > TRACE));
        if (open & (w->ground_area[c] > 0)) {
            found[number++] = c;
            count[w->ground_axis[c] + 1]++;
        }
    }
    w->overflow |= number > w->list_length;
    number = number > w->list_length ? w->list_length : number;
    for (int a = 0; a < AXES; a++) count[a + 1] += count[a];
    memcpy(x->start, count, sizeof count);
    for (int i = 0; i < number; i++) x->list[count[w->ground_axis[found[i]]]++] = found[i];
}

/* Both sides' luck in some cells. */
static void luck_of(const struct wars *w, const uint32_t key[2], const int *cell, int number, row luck[BATCH][SIDES]) {
    uint32_t one[RUNS], two[RUNS];
    for (int i = 0; i < number; i++) {
        threefry(key, cell[i], w->run, one, two);
        EACH_RUN luck[i][0][r] = to_unit(one[r]), luck[i][1][r] = to_unit(two[r]);
    }
}

/* Each side's chance of a cell, cubed and over its luck, and what it adds to the sums over the cell's axis. */
static void weigh(struct wars *w, struct scratch *x, int place, const row luck[SIDES]) {
    int c = x->list[place], a = w->ground_axis[c];
    const int *beside = w->ground_neighbour + 6 * c;
    const float *held = AT(w->front_held, c), *steady = x->steady[x->garrison[c]];
    const float *n[6];
    for (int k = 0; k < 6; k++) n[k] = AT(w->front_held, beside[k]);
    row around, ease;
    EACH_RUN {
        around[r] = (n[0][r] + n[1][r] + n[2][r] + n[3][r] + n[4][r] + n[5][r]) * (1 / 6.0f);
        float sum = steady[r];
        for (int f = 0; f < FEATURES; f++) sum += w->ground_feature[f * w->cells + c] * AT(w->front_resistance, f)[r];
        ease[r] = -sum;
    }
    for (int s = 0; s < SIDES; s++) {
        float sign = s ? -1 : 1, none = s ? 1 : 0; /* share of the second side: 1 - held */
        float area = w->ground_area[c], border = BORDER_PRESENCE * w->ground_border[s * w->cells + c];
        float works = w->ground_works[(1 - s) * w->cells + c], height = w->ground_height[c];
        const float *momentum = AT(w->front_momentum, s * w->cells + c);
        float *cube = AT(x->cube, s * w->list_length + place), *km2 = AT(x->km2, s * w->list_length + place);
        float *strip = x->sums[s][0][a], *dug = x->sums[s][1][a], *up = x->sums[s][2][a];
        float *few = x->few[s][a], *best = x->best[s][a];
        EACH_RUN {
            float own = none + sign * held[r], near = most(0.5f * (own + none + sign * around[r]), border);
            float room = 1 - own, ground = room * area;
            float pull = w->front_presence_exponent[r] * logarithm(most(near, TRACE)) +
                         w->front_room_exponent[r] * logarithm(most(room, TRACE)) +
                         w->front_momentum_exponent[r] * logarithm(momentum[r] * (1 / MOMENTUM_FLOOR) + 1);
            float ratio = least(exponential(pull + ease[r]) / luck[s][r], MOST_RATIO), enters = ground * near;
            ratio = (near > TRACE) & (room > TRACE) ? ratio : 0;
            strip[r] += enters;
            dug[r] += works * enters;
            up[r] += height * enters;
            few[r] += ground * least(ratio, 1);
            best[r] = most(best[r], room > 0 ? ratio : 0);
            cube[r] = ratio * ratio * ratio;
            km2[r] = ground;
        }
    }
}

/* Smallest n with P(N <= n) >= u for a Poisson number; by Cornish and Fisher beyond EXACT_COUNT. */
static inline float poisson_quantile(float rate, float u) {
    float term = exponential(-rate), cumulative = term, count = 0;
    for (int n = 1; n <= EXACT_COUNT; n++) {
        count += u > cumulative ? 1 : 0;
        term *= rate / n;
        cumulative += term;
    }
    float z = normal_quantile(u), far = most(rintf(rate + sqrtf(rate) * z + (z * z - 1) / 6), 0);
    return (count >= EXACT_COUNT) | (rate > EXACT_COUNT) ? far : count;
}

/* Quantile of Gamma(LUMP_SHAPE count): tabulated at normal scores, by Wilson and Hilferty beyond EXACT_COUNT. */
static inline float gamma_quantile(const float *table, float count, float u) {
    float z = normal_quantile(u), place = (within(z, -LAST_SCORE, LAST_SCORE) + LAST_SCORE) * ((SCORES - 1) / (2 * LAST_SCORE));
    int left = (int)place < SCORES - 2 ? (int)place : SCORES - 2, line = (int)within(count, 1, EXACT_COUNT) - 1;
    float low = table[line * SCORES + left], high = table[line * SCORES + left + 1];
    float shape = LUMP_SHAPE * most(count, 1), root = most(1 - 1 / (9 * shape) + z / (3 * sqrtf(shape)), 0);
    return count > EXACT_COUNT ? shape * root * root * root : exponential(low + (high - low) * (place - left));
}

/* What each side wants to take on each axis. */
static void want(struct wars *w, struct scratch *x, int week, const row force[SIDES]) {
    for (int s = 0; s < SIDES; s++) {
        row peak, total, count_u, size_u;
        EACH_RUN peak[r] = -1e30f, total[r] = 0;
        for (int a = 0; a < AXES; a++) EACH_RUN peak[r] = most(peak[r], AT(w->front_tempo, s * AXES + a)[r]);
        for (int a = 0; a < AXES; a++) EACH_RUN total[r] += exponential(AT(w->front_tempo, s * AXES + a)[r] - peak[r]);
        for (int a = 0; a < AXES; a++) {
            int here = s * AXES + a, there = (1 - s) * AXES + a;
            int told = week * SIDES * AXES + here;
            float *height = AT(w->out_height, told), *expected = AT(w->out_expected, told);
            float *theirs = AT(w->out_works, week * SIDES * AXES + there);
            const float *supply[4] = {AT(w->in_supply, here), AT(w->in_supply, there), AT(w->front_supply_opening, here),
                                      AT(w->front_supply_opening, there)};
            const float *passage = AT(w->in_passage, here), *press = AT(w->in_press, s), *density = AT(w->in_density, there);
            const float *surge = AT(w->in_surge, here), *regained = AT(w->in_regained, here), *lump = AT(w->front_lump, here);
            const float *effort = AT(w->in_effort, s), *budget = AT(w->front_budget, s), *tempo = AT(w->front_tempo, here);
            const float *salient = AT(w->front_salient, there), *level = AT(w->front_height_opening, here);
            uniform(w, SALT_FRONT_COUNT, week, here, count_u);
            uniform(w, SALT_FRONT_SIZE, week, here, size_u);
            EACH_RUN {
                height[r] = x->sums[1 - s][2][a][r] / most(x->sums[1 - s][0][a][r], 1e-6f) -
                            x->sums[s][2][a][r] / most(x->sums[s][0][a][r], 1e-6f);
                float logs[4];
                for (int k = 0; k < 4; k++) logs[k] = logarithm(most(supply[k][r], 1e-3f));
                float drones = w->front_height_drones[r];
                float moved = w->front_force_exponent[r] * force[s][r] +
                              w->front_supply_exponent[r] * (logs[0] - logs[1] - logs[2] + logs[3]) +
                              w->front_passage_exponent[r] * logarithm(most(passage[r], 1e-3f)) +
                              w->front_press_exponent[r] * logarithm(most(press[r], 1e-3f)) -
                              w->front_works_effect[r] * logarithm(most(theirs[r], LEAST_WORKS)) +
                              w->front_height_effect[r] / 100 *
                                  (height[r] * exponential(-drones * density[r]) - level[r] * exponential(-drones));
                float share = exponential(tempo[r] - peak[r]) / total[r], b = w->front_physics[r];
                float usual = effort[r] * exponential(budget[r]) * share;
                float pushed = usual * surge[r] * exponential(within(b * moved, -MOST_MOVED, MOST_MOVED)) +
                               b * effort[r] * regained[r] * salient[r];
                expected[r] = b > 0 ? pushed : usual;
            }
            EACH_RUN {
                float count = poisson_quantile(expected[r] / lump[r], count_u[r]);
                float size = gamma_quantile(w->gamma_table, count, size_u[r]) * lump[r] * (1 / LUMP_SHAPE);
                x->wanted[s][a][r] = count > 0 ? size : 0;
            }
        }
    }
}

/* How strong the works are in each side's line, relative to the opening. */
static void line_of(struct wars *w, struct scratch *x, int week) {
    for (int s = 0; s < SIDES; s++)
        for (int a = 0; a < AXES; a++) {
            int here = s * AXES + a;
            float *works = AT(w->out_works, week * SIDES * AXES + here);
            const float *opening = AT(w->front_works_opening, here), *dug = AT(w->front_dug, here);
            EACH_RUN {
                float mapped = x->sums[1 - s][1][a][r] / most(x->sums[1 - s][0][a][r], 1e-6f);
                works[r] = power((mapped + SOME_WORKS) / (opening[r] + SOME_WORKS), w->front_works_map[r]) *
                           power(dug[r], w->front_works_wear[r]);
            }
        }
}

/* lambda of one side and axis by secants in logarithms, LANES runs at a time, and the scale of the gains. */
static void search(struct wars *w, struct scratch *x, int s, int a) {
    const float lowest = LEAST_MULTIPLE, highest = MOST_MULTIPLE, thin = 1.20919958f; /* pi/3 / sin(pi/3) */
    const float above = logarithm(AIM);
    for (int first = 0; first < RUNS; first += LANES) {
        float here[LANES], low[LANES], high[LANES], wanted[LANES], multiple[LANES], value[LANES];
        float before[LANES], missed[LANES], slope[LANES];
        EACH_LANE {
            float best = x->best[s][a][first + l];
            wanted[l] = most(x->wanted[s][a][first + l], 1e-9f);
            low[l] = within(logarithm(LEAST / most(best * best * best, 1e-30f)), lowest, highest);
            high[l] = highest;
            float few = most(thin * x->few[s][a][first + l], 1e-9f);
            before[l] = here[l] = least(most(3 * logarithm(wanted[l] / few), low[l] + 0.05f), highest);
            missed[l] = 0;
            slope[l] = 1 / 3.0f;
        }
        for (int step = 0; step <= SEARCH_STEPS; step++) {
            EACH_LANE multiple[l] = exponential(step < SEARCH_STEPS ? here[l] : high[l]), value[l] = 0;
            for (int i = x->start[a]; i < x->start[a + 1]; i++) {
                const float *cube = AT(x->cube, s * w->list_length + i) + first;
                const float *km2 = AT(x->km2, s * w->list_length + i) + first;
                EACH_LANE {
                    float odds = multiple[l] * cube[l];
                    value[l] += km2[l] * most(odds - LEAST, 0) / (1 + odds);
                }
            }
            if (step == SEARCH_STEPS) break;
            EACH_LANE {
                value[l] = most(value[l], 1e-9f);
                int under = value[l] < wanted[l], moved = here[l] != before[l];
                low[l] = under ? here[l] : low[l];
                high[l] = under ? high[l] : here[l];
                float miss = logarithm(value[l] / wanted[l]);
                float secant = (miss - missed[l]) / (moved ? here[l] - before[l] : 1);
                slope[l] = moved & (secant > LEAST_SLOPE) ? secant : slope[l];
                float there = here[l] + (above - miss) / slope[l];
                there = there <= low[l] ? 0.5f * (here[l] + low[l]) : there >= high[l] ? 0.5f * (here[l] + high[l]) : there;
                before[l] = here[l];
                missed[l] = miss;
                here[l] = least(there, here[l] + LEAP);
            }
        }
        EACH_LANE {
            float asked = x->wanted[s][a][first + l];
            x->multiple[s][a][first + l] = multiple[l];
            x->scale[s][a][first + l] = asked > 0 ? asked / most(value[l], 1e-9f) : 0;
        }
    }
}

/* Momentum spreads and fades, everywhere. */
static void fade(struct wars *w, struct scratch *x) {
    const float stays = MOMENTUM_MEMORY * (1 - MOMENTUM_SPREAD), spreads = MOMENTUM_MEMORY * MOMENTUM_SPREAD / 6;
    for (int s = 0; s < SIDES; s++)
        for (int c = 0; c < w->cells; c++) {
            const int *beside = w->ground_neighbour + 6 * c;
            const float *own = AT(w->front_momentum, s * w->cells + c), *n[6];
            for (int k = 0; k < 6; k++) n[k] = AT(w->front_momentum, s * w->cells + beside[k]);
            float *after = AT(x->momentum, s * w->cells + c);
            EACH_RUN after[r] = stays * own[r] + spreads * (n[0][r] + n[1][r] + n[2][r] + n[3][r] + n[4][r] + n[5][r]);
        }
    float *old = w->front_momentum;
    w->front_momentum = x->momentum;
    x->momentum = old;
}

/* What each side takes of a cell. */
static void move(struct wars *w, struct scratch *x, int place) {
    int c = x->list[place], a = w->ground_axis[c];
    float *held = AT(w->front_held, c), area = w->ground_area[c], people = w->ground_population[c];
    row gain[SIDES];
    for (int s = 0; s < SIDES; s++) {
        float sign = s ? 1 : -1, all = s ? 0 : 1;
        const float *cube = AT(x->cube, s * w->list_length + place), *multiple = x->multiple[s][a], *scale = x->scale[s][a];
        float *momentum = AT(w->front_momentum, s * w->cells + c), *taken = x->taken[s][a], *residents = x->residents[s][a];
        EACH_RUN {
            float odds = multiple[r] * cube[r], room = all + sign * held[r];
            gain[s][r] = room * least(most(odds - LEAST, 0) / (1 + odds) * scale[r], 1);
            momentum[r] += (1 - MOMENTUM_MEMORY) * gain[s][r];
            taken[r] += area * gain[s][r];
            residents[r] += people * gain[s][r];
        }
    }
    EACH_RUN held[r] = within(held[r] + gain[0][r] - gain[1][r], 0, 1);
    extremes(x, c, held);
}

/* Works are lost and dug, salients grow and shrink, budgets and tempos wander. */
static void afterwards(struct wars *w, struct scratch *x, int week) {
    row u;
    for (int s = 0; s < SIDES; s++) {
        uniform(w, SALT_FRONT_BUDGET, week, s, u);
        wander(AT(w->front_budget, s), AT(w->front_budget_mean, s), 1, AT(w->front_budget_spread, s),
               AT(w->front_budget_half_life, s), u);
        for (int a = 0; a < AXES; a++) {
            int here = s * AXES + a;
            float *dug = AT(w->front_dug, here), *salient = AT(w->front_salient, here);
            const float *usual = AT(w->front_overrun_opening, here), *surge = AT(w->in_surge, here);
            EACH_RUN {
                float lost = x->taken[1 - s][a][r];
                float excess = least(lost / most(WORKS_DEPTH * x->sums[1 - s][0][a][r], 1), 1) - usual[r];
                dug[r] = within(dug[r] * (1 - excess) + w->front_digging[r] * (1 - dug[r]), 0, MOST_DUG);
                salient[r] = most(salient[r] - lost, 0) + (surge[r] > 1 ? x->taken[s][a][r] : 0);
            }
            uniform(w, SALT_FRONT_TEMPO, week, here, u);
            wander(AT(w->front_tempo, here), AT(w->front_tempo_mean, here), 1, AT(w->front_tempo_spread, here),
                   AT(w->front_tempo_half_life, here), u);
        }
    }
    memcpy(AT(w->out_taken, week * SIDES * AXES), x->taken, sizeof x->taken);
    memcpy(AT(w->out_residents, week * SIDES * AXES), x->residents, sizeof x->residents);
}

/* First side's share of each town as the week begins. */
static void towns(struct wars *w, int week) {
    for (int t = 0; t < TOWNS; t++) {
        float *control = AT(w->out_control, week * TOWNS + t);
        EACH_RUN control[r] = 0;
        for (int k = 0; k < TOWN_CELLS; k++) {
            float weight = w->ground_town_weight[t * TOWN_CELLS + k];
            const float *held = AT(w->front_held, w->ground_town_cell[t * TOWN_CELLS + k]);
            EACH_RUN control[r] += weight * held[r];
        }
        EACH_RUN control[r] = least(control[r], 1);
    }
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void *room_for(size_t bytes) { return aligned_alloc(64, (bytes + 63) / 64 * 64); }

/* Fight `weeks` weeks of one chunk, in place; `seconds` [phase] and `places` (cells in reach, summed) are added up. */
void fight(struct wars *w) {
    struct scratch *x = room_for(sizeof *x);
    size_t cells = w->cells, length = w->list_length;
    x->top = room_for(4 * cells), x->bottom = room_for(4 * cells), x->garrison = room_for(4 * cells);
    x->list = room_for(4 * length), x->start = room_for(4 * (AXES + 1));
    x->cube = room_for(sizeof(row) * SIDES * length), x->km2 = room_for(sizeof(row) * SIDES * length);
    x->momentum = room_for(sizeof(row) * SIDES * cells), x->steady = room_for(sizeof(row) * (GARRISONS + 1));
    for (int c = 0; c < w->cells; c++) x->garrison[c] = GARRISONS, extremes(x, c, AT(w->front_held, c));
    for (int g = GARRISONS - 1; g >= 0; g--)
        for (int k = 0; k < GARRISON_CELLS; k++) x->garrison[w->ground_garrison_cell[g * GARRISON_CELLS + k]] = g;
    x->garrison[w->cells - 1] = GARRISONS;
    for (int g = 0; g <= GARRISONS; g++) EACH_RUN {
        float left = g < GARRISONS ? AT(w->in_resistance, g)[r] : 1;
        x->steady[g][r] = w->front_physics[r] > 0 ? w->front_resistance_effect[r] * logarithm(most(left, 1e-3f)) : 0;
    }
    float *given = w->front_momentum;
    for (int week = 0; week < w->weeks; week++) {
        double clock[PHASES + 1], noise = 0;
        row force[SIDES], strength[SIDES];
        uint32_t key[2];
        clock[0] = now();
        for (int s = 0; s < SIDES; s++) EACH_RUN
            strength[s][r] = logarithm(most(AT(w->attrition_troops, s)[r], 1) / AT(w->attrition_troops_opening, s)[r]);
        for (int s = 0; s < SIDES; s++) EACH_RUN force[s][r] = strength[s][r] - strength[1 - s][r];
        attrition(w, week);
        clock[1] = now();
        reach(w, x);
        int number = x->start[AXES];
        clock[2] = now();
        towns(w, week);
        memset(x->sums, 0, sizeof x->sums);
        memset(x->few, 0, sizeof x->few);
        memset(x->best, 0, sizeof x->best);
        memset(x->taken, 0, sizeof x->taken);
        memset(x->residents, 0, sizeof x->residents);
        key_of(w, SALT_FRONT_CELL, week, key);
        for (int first = 0; first < number; first += BATCH) {
            row luck[BATCH][SIDES];
            int many = number - first < BATCH ? number - first : BATCH;
            double begun = now();
            luck_of(w, key, x->list + first, many, luck);
            noise += now() - begun;
            for (int i = 0; i < many; i++) weigh(w, x, first + i, luck[i]);
        }
        clock[3] = now();
        line_of(w, x, week);
        want(w, x, week, force);
        clock[4] = now();
        for (int s = 0; s < SIDES; s++)
            for (int a = 0; a < AXES; a++) search(w, x, s, a);
        clock[5] = now();
        fade(w, x);
        clock[6] = now();
        for (int i = 0; i < number; i++) move(w, x, i);
        clock[7] = now();
        afterwards(w, x, week);
        clock[8] = now();
        w->places += number;
        w->seconds[ATTRITION] += clock[1] - clock[0];
        w->seconds[REACH] += clock[2] - clock[1];
        w->seconds[NOISE] += noise;
        w->seconds[WEIGHT] += clock[3] - clock[2] - noise;
        w->seconds[AXES_STEP] += clock[4] - clock[3] + clock[8] - clock[7];
        w->seconds[SEARCH] += clock[5] - clock[4];
        w->seconds[FADE] += clock[6] - clock[5];
        w->seconds[MOVE] += clock[7] - clock[6];
    }
    if (w->front_momentum != given) {
        memcpy(given, w->front_momentum, sizeof(row) * SIDES * cells);
        x->momentum = w->front_momentum;
        w->front_momentum = given;
    }
    free(x->top), free(x->bottom), free(x->garrison), free(x->list), free(x->start), free(x->cube), free(x->km2);
    free(x->momentum), free(x->steady), free(x);
}
