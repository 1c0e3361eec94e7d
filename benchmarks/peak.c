/* What the core can do at most: vector operations that do not wait for each other, a second or less of each. */

#include <stddef.h>
#include <stdint.h>

typedef float reals __attribute__((vector_size(64)));
typedef uint32_t words __attribute__((vector_size(64)));

#define EACH for (int k = 0; k < 8; k++)

/* Sixteen vectors of 16 lanes: independent multiplies and adds, none fused. */
float arithmetic(long times, float factor, float term) {
    reals product[8], sum[8];
    EACH product[k] = (reals){} + (float)(k + 1), sum[k] = (reals){} + (float)k;
    for (long i = 0; i < times; i++) EACH {
        product[k] *= factor;
        sum[k] += term;
    }
    float total = 0;
    EACH total += product[k][0] + sum[k][0];
    return total;
}

/* Adds, exclusive ors and shifts of whole numbers, in equal parts. */
uint32_t whole(long times, uint32_t one) {
    words x[8], y[8], z[8];
    EACH x[k] = (words){} + (uint32_t)k, y[k] = x[k] + 3, z[k] = x[k] + 7;
    for (long i = 0; i < times; i++) EACH {
        x[k] += one;
        y[k] ^= x[k];
        z[k] = z[k] << 13 | z[k] >> 19;
    }
    uint32_t total = 0;
    EACH total += x[k][0] + y[k][0] + z[k][0];
    return total;
}

/* Reciprocals as step.c has them. */
float divide(long times, float term) {
    reals x[8];
    EACH x[k] = (reals){} + (float)(k + 1);
    for (long i = 0; i < times; i++) EACH x[k] = 1.0f / (x[k] + term);
    float total = 0;
    EACH total += x[k][0];
    return total;
}

/* Copy an array. */
void copy(long times, const reals *from, reals *to, size_t vectors) {
    for (long i = 0; i < times; i++)
        for (size_t k = 0; k < vectors; k++) to[k] = from[k] + (float)i;
}
