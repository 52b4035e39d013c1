// The files of full-table, and the random numbers that make everything here repeatable.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { uint32_t address, length; } Prefix4;
typedef struct { uint32_t words[4], length; } Prefix6;

static uint64_t random_state[2] = {0x1234567, 0x9876543};

// xorshift128+
static inline uint64_t random_bits(void) {
  uint64_t a = random_state[0], b = random_state[1];
  random_state[0] = b;
  a ^= a << 23;
  random_state[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
  return random_state[1] + b;
}

// In [0, 1).
static inline double random_share(void) { return (double)(random_bits() >> 11) * 0x1p-53; }

// The highest `length` of 32 bits.
static inline uint32_t mask_of(int length) { return length <= 0 ? 0 : length >= 32 ? ~0u : ~0u << (32 - length); }

// Reads all of a file in TABLE_DIR (default: here); ends the program when it cannot.
static inline void *read_table(const char *name, size_t row_bytes, uint32_t *rows) {
  char path[4096];
  const char *folder = getenv("TABLE_DIR");
  snprintf(path, sizeof path, "%s/%s", folder ? folder : ".", name);
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(1); }
  fseek(file, 0, SEEK_END);
  *rows = (uint32_t)((size_t)ftell(file) / row_bytes);
  rewind(file);
  void *table = malloc(row_bytes * *rows);
  if (!table || fread(table, row_bytes, *rows, file) != *rows) { perror(path); exit(1); }
  fclose(file);
  return table;
}
