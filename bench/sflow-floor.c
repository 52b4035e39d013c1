// The yardstick: recvmmsg, decode, longest match in the table in TABLE_DIR (see full-table.c), accumulate by prefix and
// interface. No windows, no checks of numbering, nothing else.
//   sflow-floor PORT RECEIVE_BUFFER_BYTES       until SIGTERM; prints what it counted as JSON
#define _GNU_SOURCE
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include "table.h"

typedef uint32_t u32;
typedef uint64_t u64;
enum { IN_GROUP = 1u << 31, ACCUMULATOR_BITS = 20, INTERFACE_SLOTS = 1 << 17, BATCH = 64 };

static inline u32 get32(const uint8_t *at) { u32 v; memcpy(&v, at, 4); return __builtin_bswap32(v); }
static inline u32 get16(const uint8_t *at) { return (u32)at[0] << 8 | at[1]; }

// IPv4: DIR-24-8 (Gupta, Lin, McKeown, 1998). An entry is a prefix's number, from 1, or a group of 256 behind a /24.
static u32 *by24, *by8, groups, n4;

static void build4(void) {
  Prefix4 *table = read_table("t4.bin", sizeof *table, &n4);
  by24 = calloc(1 << 24, sizeof *by24);
  by8 = calloc(256 * 20000, sizeof *by8);
  for (u32 length = 0; length <= 32; length++)
    for (u32 i = 0; i < n4; i++) {
      if (table[i].length != length) continue;
      u32 address = table[i].address, at = address >> 8;
      if (length <= 24) {
        for (u32 k = 0; k < 1u << (24 - length); k++) by24[at + k] = i + 1;
        continue;
      }
      if (!(by24[at] & IN_GROUP)) {
        for (int k = 0; k < 256; k++) by8[groups * 256 + (u32)k] = by24[at];
        by24[at] = IN_GROUP | groups++;
      }
      u32 group = (by24[at] & ~IN_GROUP) * 256;
      for (u32 k = 0; k < 1u << (32 - length); k++) by8[group + (address & 255) + k] = i + 1;
    }
  free(table);
}

static inline u32 match4(u32 address) {
  u32 entry = by24[address >> 8];
  return entry & IN_GROUP ? by8[(entry & ~IN_GROUP) * 256 + (address & 255)] : entry;
}

// IPv6: ranges of the upper 64 bits in order, each with its prefix's number or 0, behind an index of bits 3 to 23.
typedef struct { u64 start; u32 value; } Range;
typedef struct { u64 start; u32 length, value; } Known;
static Range *ranges;
static u32 range_count, *range_index;

static int by_start(const void *x, const void *y) {
  const Known *a = x, *b = y;
  return a->start != b->start ? (a->start < b->start ? -1 : 1) : (int)a->length - (int)b->length;
}

static void add_range(u64 start, u32 value) {
  if (range_count && ranges[range_count - 1].start == start) range_count--;
  if (range_count && ranges[range_count - 1].value == value) return;
  ranges[range_count++] = (Range){start, value};
}

static void build6(void) {
  u32 rows, count = 0, depth = 0;
  Prefix6 *table = read_table("t6.bin", sizeof *table, &rows);
  Known *prefixes = malloc(sizeof *prefixes * rows), open[65];
  for (u32 i = 0; i < rows; i++)
    if (table[i].length <= 64)
      prefixes[count++] = (Known){(u64)table[i].words[0] << 32 | table[i].words[1], table[i].length, n4 + i + 1};
  qsort(prefixes, count, sizeof *prefixes, by_start);
  ranges = malloc(sizeof *ranges * (2 * count + 1));
  add_range(0, 0);
  for (u32 i = 0; i <= count; i++) {
    while (depth && (i == count || open[depth - 1].start <= prefixes[i].start)) {
      depth--;
      add_range(open[depth].start, depth ? open[depth - 1].value : 0);
    }
    if (i == count) break;
    add_range(prefixes[i].start, prefixes[i].value);
    open[depth++] = (Known){prefixes[i].start + (1ull << (64 - prefixes[i].length)), 0, prefixes[i].value};
  }
  range_index = malloc(sizeof *range_index * ((1 << 21) + 1));
  for (u32 k = 0, at = 0; k <= 1 << 21; k++) {
    u64 start = 0x2000000000000000ull + ((u64)k << 40);
    while (at + 1 < range_count && ranges[at + 1].start <= start) at++;
    range_index[k] = at;
  }
  free(table);
  free(prefixes);
}

static inline u32 match6(u64 address) {
  if (address >> 61 != 1) return 0;
  u32 key = (u32)(address >> 40) & 0x1fffff, low = range_index[key], high = range_index[key + 1];
  while (low < high) {
    u32 middle = (low + high + 1) / 2;
    if (ranges[middle].start <= address) low = middle; else high = middle - 1;
  }
  return ranges[low].value;
}

// Bytes by prefix and interface; each open addressing.
typedef struct { u32 prefix, interface; double bytes; } Sum;
static Sum *sums;
static u32 used;
static struct { u32 agent, index, number; } interfaces[INTERFACE_SLOTS];
static u32 interface_count;
static double interface_bytes[INTERFACE_SLOTS];
static long samples, datagrams;

static inline u32 interface_number(u32 agent, u32 index) {
  u32 at = ((agent * 0x9E3779B1u ^ index) * 0x85EBCA6Bu) >> 15;
  for (;; at = (at + 1) & (INTERFACE_SLOTS - 1)) {
    if (interfaces[at].agent == agent && interfaces[at].index == index && interfaces[at].number) return interfaces[at].number;
    if (interfaces[at].number) continue;
    interfaces[at].agent = agent;
    interfaces[at].index = index;
    return interfaces[at].number = ++interface_count;
  }
}

static inline void add(u32 prefix, u32 interface, double bytes) {
  u32 mixed = prefix * 0x9E3779B1u ^ interface * 0x85EBCA6Bu;
  u32 at = ((mixed ^ mixed >> 15) * 0x2C1B3C6Du) >> (32 - ACCUMULATOR_BITS);
  for (;; at = (at + 1) & ((1u << ACCUMULATOR_BITS) - 1)) {
    Sum *sum = &sums[at];
    if (sum->prefix == prefix && sum->interface == interface) { sum->bytes += bytes; return; }
    if (sum->prefix) continue;
    *sum = (Sum){prefix, interface, bytes};
    used++;
    return;
  }
}

// The number of the longest match of a sampled Ethernet header; 0 when it is not IP, all ones without a match.
static inline u32 match(const uint8_t *header, const uint8_t *end) {
  if (header + 14 > end) return 0;
  u32 type = get16(header + 12);
  const uint8_t *at = header + 14;
  for (; (type == 0x8100 || type == 0x88a8) && at + 4 <= end; at += 4) type = get16(at + 2);
  u32 number;
  if (type == 0x0800 && at + 20 <= end) number = match4(get32(at + 16));
  else if (type == 0x86dd && at + 40 <= end) number = match6((u64)get32(at + 24) << 32 | get32(at + 28));
  else return 0;
  return number ? number : ~0u;
}

static inline void count_flow(u32 agent, int is_expanded, const uint8_t *at, const uint8_t *end) {
  if (at + (is_expanded ? 44 : 32) > end) return;
  u32 rate = get32(at + (is_expanded ? 12 : 8)), out = get32(at + (is_expanded ? 36 : 24));
  u32 records = get32(at + (is_expanded ? 40 : 28)), frame = 0, prefix = 0;
  at += is_expanded ? 44 : 32;
  while (records-- && at + 8 <= end) {
    u32 format = get32(at), length = get32(at + 4);
    at += 8;
    if (length > (u32)(end - at)) break;
    if (format == 1 && length >= 16 && get32(at) == 1) {
      u32 header = get32(at + 12);
      frame = get32(at + 4);
      prefix = match(at + 16, at + 16 + (header < length - 16 ? header : length - 16));
    }
    at += length;
  }
  samples++;
  u32 interface = interface_number(agent, out);
  double bytes = (double)frame * rate;
  interface_bytes[interface] += bytes;
  if (prefix) add(prefix, interface, bytes);
}

static void count(const uint8_t *at, u32 bytes) {
  const uint8_t *end = at + bytes;
  datagrams++;
  if (bytes < 40 || get32(at) != 5) return;
  u32 agent = get32(at + 8);
  at += get32(at + 4) == 1 ? 12 : 24;
  u32 left = get32(at + 12);
  at += 16;
  while (left-- && at + 8 <= end) {
    u32 format = get32(at), length = get32(at + 4);
    at += 8;
    if (length > (u32)(end - at)) return;
    if (format == 1 || format == 3) count_flow(agent, format == 3, at, at + length);
    at += length;
  }
}

static volatile sig_atomic_t is_over;
static void stop(int signal) { (void)signal; is_over = 1; }

int main(int argc, char **argv) {
  if (argc != 3) { fprintf(stderr, "sflow-floor PORT RECEIVE_BUFFER_BYTES\n"); return 2; }
  build4();
  build6();
  sums = calloc(1 << ACCUMULATOR_BITS, sizeof *sums);
  int fd = socket(AF_INET, SOCK_DGRAM, 0), buffer = atoi(argv[2]);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
  if (bind(fd, (void *)&address, sizeof address)) { perror("bind"); return 1; }
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, 0);
  static uint8_t buffers[BATCH][2048];
  struct iovec vectors[BATCH];
  struct mmsghdr messages[BATCH] = {0};
  for (int i = 0; i < BATCH; i++) {
    vectors[i] = (struct iovec){buffers[i], sizeof buffers[i]};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  while (!is_over) {
    int n = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, 0);
    if (n <= 0) break;
    for (int i = 0; i < n; i++) count(buffers[i], messages[i].msg_len);
  }
  printf("{\"datagrams\":%ld,\"samples\":%ld,\"keys\":%u}\n", datagrams, samples, used);
  return 0;
}
