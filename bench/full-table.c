// full-table [IPV4 [IPV6]]: a synthetic full BGP table, nested and length-mixed like the real one; 1,000,000 and 200,000
// prefixes by default, the same ones every time. Writes into the current folder: t4.bin (u32 address, u32 length) and
// t6.bin (4 × u32 address, u32 length) in host byte order, and networks.txt for pmacct, one prefix a line.
#include <string.h>
#include "table.h"

enum { SLOTS = 1 << 23, PARENTS4 = 60000, PARENTS6 = 25000 };

// Share of each length, percent.
static const double MIX4[33] = {
  [8] = .002, [10] = .005, [11] = .01, [12] = .03, [13] = .06, [14] = .12, [15] = .2, [16] = 1.35, [17] = .85, [18] = 1.4,
  [19] = 2.5, [20] = 4.6, [21] = 5.4, [22] = 11.5, [23] = 10.2, [24] = 61.5, [25] = .02, [26] = .02, [28] = .02, [32] = .2,
};
static const double MIX6[129] = {
  [20] = .01, [24] = .02, [28] = .1, [29] = 2.5, [30] = .6, [31] = .3, [32] = 11.5, [33] = 2, [34] = 1.5, [35] = .8,
  [36] = 6, [38] = 1, [40] = 11, [42] = 3, [44] = 8.5, [45] = 1, [46] = 3, [47] = 2.2, [48] = 44, [56] = .2, [64] = .5,
  [128] = .1,
};
// What the registries allocate from.
static const uint32_t TOPS6[] = {
  0x20010000, 0x24000000, 0x26000000, 0x28000000, 0x2a000000, 0x2c0f0000, 0x24070000, 0x2a0e0000, 0x26200000,
};

static uint64_t *known;

// True when the key was here before; it is from now on.
static int is_known(uint64_t key) {
  for (uint64_t at = (++key * 0x9E3779B97F4A7C15ull) >> 20;; at++) {
    at &= SLOTS - 1;
    if (known[at] == key) return 1;
    if (!known[at]) { known[at] = key; return 0; }
  }
}

static int random_length(const double *mix, int longest) {
  double total = 0;
  for (int length = 0; length <= longest; length++) total += mix[length];
  double left = random_share() * total;
  int length = 0;
  while ((left -= mix[length]) > 0 && length < longest) length++;
  return length;
}

static int is_unicast(uint32_t a) { return a >> 24 && a >> 24 != 10 && a >> 24 != 127 && a >> 24 < 224; }

// Allocations, and more-specifics inside them: a few allocations have most.
static void make4(Prefix4 *table, int count) {
  Prefix4 *parents = malloc(sizeof *parents * PARENTS4);
  for (int i = 0; i < PARENTS4; i++) {
    int length = 12 + (int)(random_share() * 11);
    uint32_t address;
    do address = (uint32_t)random_bits(); while (!is_unicast(address));
    parents[i] = (Prefix4){address & mask_of(length), (uint32_t)length};
  }
  for (int n = 0; n < count;) {
    int length = random_length(MIX4, 32);
    Prefix4 *parent = &parents[(int)(random_share() * random_share() * PARENTS4)];
    uint32_t inside = length <= (int)parent->length ? 0 : (uint32_t)random_bits() & ~mask_of((int)parent->length);
    uint32_t address = (parent->address | inside) & mask_of(length);
    if (is_unicast(address) && !is_known((uint64_t)address << 8 | (uint64_t)length))
      table[n++] = (Prefix4){address, (uint32_t)length};
  }
  free(parents);
}

static void make6(Prefix6 *table, int count) {
  uint32_t *parents = malloc(sizeof *parents * PARENTS6);
  for (int i = 0; i < PARENTS6; i++)
    parents[i] = TOPS6[(int)(random_share() * 9)] | ((uint32_t)random_bits() & 0x000fffff);
  for (int n = 0; n < count;) {
    int length = random_length(MIX6, 128);
    uint32_t w[4] = {parents[(int)(random_share() * random_share() * PARENTS6)]};
    for (int i = 1; i < 4; i++) w[i] = (uint32_t)random_bits();
    for (int i = 0; i < 4; i++) w[i] &= mask_of(length - 32 * i);
    uint64_t high = (uint64_t)w[0] << 32 | w[1], low = (uint64_t)w[2] << 32 | w[3];
    if (is_known(high * 0x9E3779B97F4A7C15ull ^ low ^ (uint64_t)length << 56)) continue;
    memcpy(table[n].words, w, sizeof w);
    table[n++].length = (uint32_t)length;
  }
  free(parents);
}

static void save(const char *name, const void *rows, size_t row_bytes, int count) {
  FILE *file = fopen(name, "wb");
  if (!file || fwrite(rows, row_bytes, (size_t)count, file) != (size_t)count || fclose(file)) { perror(name); exit(1); }
}

static void save_networks(const Prefix4 *t4, int n4, const Prefix6 *t6, int n6) {
  FILE *file = fopen("networks.txt", "w");
  if (!file) { perror("networks.txt"); exit(1); }
  for (int i = 0; i < n4; i++) {
    uint32_t a = t4[i].address;
    fprintf(file, "%u.%u.%u.%u/%u\n", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, t4[i].length);
  }
  for (int i = 0; i < n6; i++) {
    for (int word = 0; word < 4; word++)
      fprintf(file, word ? ":%x:%x" : "%x:%x", t6[i].words[word] >> 16, t6[i].words[word] & 0xffff);
    fprintf(file, "/%u\n", t6[i].length);
  }
  fclose(file);
}

int main(int argc, char **argv) {
  int n4 = argc > 1 ? atoi(argv[1]) : 1000000, n6 = argc > 2 ? atoi(argv[2]) : 200000;
  known = calloc(SLOTS, sizeof *known);
  Prefix4 *t4 = malloc(sizeof *t4 * (size_t)n4);
  make4(t4, n4);
  memset(known, 0, sizeof *known * SLOTS);
  Prefix6 *t6 = malloc(sizeof *t6 * (size_t)n6);
  make6(t6, n6);
  save("t4.bin", t4, sizeof *t4, n4);
  save("t6.bin", t6, sizeof *t6, n6);
  save_networks(t4, n4, t6, n6);
  return 0;
}
