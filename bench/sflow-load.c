// A realistic sFlow v5 load, over loopback or in a file, made of the table in TABLE_DIR (see full-table.c).
//   sflow-load send PORT DATAGRAMS_PER_SECOND DATAGRAMS [SOURCES [MALFORMED_EVERY]]   0 a second: as fast as it goes;
//                                                   1, 2, 4 or 8 sources, each agent has one; prints what it sent as JSON
//   sflow-load file FILE DATAGRAMS                  u32 little-endian length, then the datagram
// 8 agents (10.0.0.1 to .8) x 32 interfaces (ifIndex 1 to 32), 6.85 flow samples a datagram at 1:10000, 20 % IPv6, 1/8
// VLAN-tagged, extended_router in half, a counter sample in 1/20 datagrams; destinations zipf(1.0) over 100,000 prefixes
// of the table. Sequence numbers, uptime and octets run on as those of real agents do.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include "table.h"

enum { DESTINATIONS = 100000, AGENTS = 8, INTERFACES = 32, DISTINCT = 16384, MOST_SAMPLES = 7, MOST_SOURCES = AGENTS, BATCH = 64 };
enum { UPTIME_AT = 20, FIRST_UPTIME_MS = 1000000, OCTETS_PER_MS = 1250000 };

typedef struct {
  uint16_t length, agent, samples;
  // Where the samples' sequence numbers are, and of which interface; and the octets of a counter sample (0: none).
  uint16_t sequence_at[MOST_SAMPLES + 1], interface[MOST_SAMPLES + 1], numbered, octets_at;
  uint8_t bytes[1500];
} Datagram;

static Prefix4 *t4;
static Prefix6 *t6;
static uint32_t n4, n6;
static uint32_t destinations[DESTINATIONS];
static double reached[DESTINATIONS];
static uint8_t *p;

static void put32(uint32_t v) { v = htonl(v); memcpy(p, &v, 4); p += 4; }
static void put16(uint32_t v) { *p++ = (uint8_t)(v >> 8); *p++ = (uint8_t)v; }
static void put_all(int n, const uint32_t *words) { for (int i = 0; i < n; i++) put32(words[i]); }
static void set32(uint8_t *at, uint32_t v) { v = htonl(v); memcpy(at, &v, 4); }

static uint32_t random_destination(void) {
  double share = random_share();
  int low = 0, high = DESTINATIONS - 1;
  while (low < high) {
    int middle = (low + high) / 2;
    if (reached[middle] < share) low = middle + 1; else high = middle;
  }
  return destinations[low];
}

// 128 bytes of a packet: Ethernet, perhaps a tag, IP and the start of TCP or UDP. Returns the length of the frame.
static uint32_t put_packet(void) {
  uint8_t *start = p;
  int is_v6 = random_bits() % 5 == 0, is_tagged = random_bits() % 8 == 0, is_udp = random_bits() % 5 == 0;
  double kind = random_share();
  uint32_t frame = kind < .45 ? 1514 : (uint32_t)(64 + random_bits() % (kind < .65 ? 20 : 1450));
  if (is_v6 && frame < 94) frame = 94;
  for (int i = 0; i < 12; i++) *p++ = (uint8_t)(i < 6 ? 0x02 + i : 0x42 + i);
  if (is_tagged) { put16(0x8100); put16(random_bits() % 4094 + 1); frame += 4; }
  uint32_t ip_bytes = frame - 14 - (is_tagged ? 4 : 0), to = random_destination();
  put16(is_v6 ? 0x86dd : 0x0800);
  if (is_v6) {
    Prefix6 *prefix = &t6[to % n6];
    put32(0x60000000); put16(ip_bytes - 40); *p++ = is_udp ? 17 : 6; *p++ = 60;
    put32(0x20010db8);
    for (int i = 0; i < 3; i++) put32((uint32_t)random_bits());
    for (int i = 0; i < 4; i++)
      put32(prefix->words[i] | ((uint32_t)random_bits() & ~mask_of((int)prefix->length - 32 * i)));
  } else {
    Prefix4 *prefix = &t4[to];
    put16(0x4500); put16(ip_bytes); put16(random_bits()); put16(0x4000); *p++ = 60; *p++ = is_udp ? 17 : 6; put16(0);
    put32(0xC6120000 | (random_bits() & 0x1ffff));
    put32(prefix->address | ((uint32_t)random_bits() & ~mask_of((int)prefix->length)));
  }
  put16(random_bits() % 60000 + 1024); put16(443);
  while (p < start + 128) *p++ = (uint8_t)random_bits();
  return frame < 64 ? 64 : frame;
}

// A length that is known afterwards.
static uint8_t *open_length(void) { p += 4; return p; }
static void close_length(uint8_t *start) { set32(start - 4, (uint32_t)(p - start)); }

static void put_sequence(Datagram *d, uint32_t interface) {
  d->sequence_at[d->numbered] = (uint16_t)(p - d->bytes);
  d->interface[d->numbered++] = (uint16_t)interface;
  put32(0);
}

static void put_flow_sample(Datagram *d, int has_router) {
  // Not back where it came from: that would look like sampling at the egress.
  uint32_t in = random_bits() % INTERFACES + 1, out = (in + random_bits() % (INTERFACES - 1)) % INTERFACES + 1;
  put32(1);
  uint8_t *sample = open_length();
  put_sequence(d, in);
  put_all(7, (uint32_t[]){in, 10000, 0, 0, in, out, has_router ? 2 : 1});
  put_all(3, (uint32_t[]){1, 144, 1});
  uint8_t *frame_at = p;
  put_all(3, (uint32_t[]){0, 4, 128});
  set32(frame_at, put_packet());
  if (has_router) put_all(6, (uint32_t[]){1002, 16, 1, 0xC0000201 + out, 24, 24});
  close_length(sample);
}

static void put_counter_sample(Datagram *d) {
  uint32_t interface = random_bits() % INTERFACES + 1;
  put_all(2, (uint32_t[]){2, 12 + 8 + 88});
  put_sequence(d, INTERFACES + interface);
  put_all(4, (uint32_t[]){interface, 1, 1, 88});
  put_all(6, (uint32_t[]){interface, 6, 23, 0x4876E800, 1, 3});
  put_all(8, (uint32_t[8]){0});
  d->octets_at = (uint16_t)(p - d->bytes);
  put_all(8, (uint32_t[8]){0});
}

static void build(Datagram *d, int i) {
  int has_counters = i % 20 == 7;
  *d = (Datagram){.agent = (uint16_t)(i % AGENTS), .samples = has_counters ? 4 : 7};
  p = d->bytes;
  put_all(7, (uint32_t[]){5, 1, 0x0A000001 + d->agent, 0, 0, 0, d->samples + (uint32_t)has_counters});
  if (has_counters) put_counter_sample(d);
  for (int k = 0; k < d->samples; k++) put_flow_sample(d, (k + i) & 1);
  d->length = (uint16_t)(p - d->bytes);
}

static uint32_t datagram_sequence[AGENTS], sample_sequence[AGENTS][2 * INTERFACES + 1];

// What changes each time that a datagram is sent.
static void stamp(Datagram *d, uint32_t uptime_ms) {
  set32(d->bytes + UPTIME_AT - 4, ++datagram_sequence[d->agent]);
  set32(d->bytes + UPTIME_AT, uptime_ms);
  for (int i = 0; i < d->numbered; i++)
    set32(d->bytes + d->sequence_at[i], ++sample_sequence[d->agent][d->interface[i]]);
  if (!d->octets_at) return;
  uint64_t octets = (uint64_t)uptime_ms * OCTETS_PER_MS;
  set32(d->bytes + d->octets_at, (uint32_t)(octets >> 32));
  set32(d->bytes + d->octets_at + 4, (uint32_t)octets);
}

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int open_source(int number, int port) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0), buffer = 4 << 20;
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(20000 + number))};
  from.sin_addr.s_addr = htonl(0x7f000101 + (uint32_t)(number % AGENTS));
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  if (bind(fd, (void *)&from, sizeof from) || connect(fd, (void *)&to, sizeof to)) { perror("socket"); exit(1); }
  return fd;
}

static int send_all(int port, double rate, long count, int sources, int malformed_every) {
  static Datagram datagrams[DISTINCT];
  for (int i = 0; i < DISTINCT; i++) build(&datagrams[i], i);
  int fds[MOST_SOURCES];
  for (int i = 0; i < sources; i++) fds[i] = open_source(i, port);
  static uint8_t garbage[64] = {0, 0, 0, 5, 0, 0, 0, 1, 10, 0, 0, 1};
  struct iovec vectors[BATCH];
  struct mmsghdr messages[BATCH] = {0};
  for (int i = 0; i < BATCH; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  long sent = 0, samples = 0, malformed = 0, errors = 0;
  int next[MOST_SOURCES], source = 0;
  for (int i = 0; i < sources; i++) next[i] = i;
  double start = now_s();
  while (sent < count) {
    double elapsed = now_s() - start;
    long due = rate > 0 ? (long)(elapsed * rate) - sent : BATCH;
    if (due > count - sent) due = count - sent;
    if (due <= 0) { nanosleep(&(struct timespec){0, 50000}, 0); continue; }
    int batch = due > BATCH ? BATCH : (int)due;
    for (int i = 0; i < batch; i++, sent++) {
      if (malformed_every && sent % malformed_every == 0) {
        vectors[i] = (struct iovec){garbage, 8 + (size_t)(sent % 16)};
        malformed++;
        continue;
      }
      Datagram *d = &datagrams[next[source]];
      next[source] = (next[source] + sources) % DISTINCT;
      stamp(d, FIRST_UPTIME_MS + (uint32_t)(elapsed * 1000));
      vectors[i] = (struct iovec){d->bytes, d->length};
      samples += d->samples;
    }
    for (int done = 0; done < batch;) {
      int n = sendmmsg(fds[source], messages + done, (unsigned)(batch - done), 0);
      if (n >= 0) { done += n; continue; }
      errors++;
      if (errno != ECONNREFUSED) { perror("sendmmsg"); return 1; }
    }
    source = (source + 1) % sources;
  }
  double seconds = now_s() - start;
  printf("{\"sent\":%ld,\"samples\":%ld,\"malformed\":%ld,\"seconds\":%.3f,\"datagramsPerSecond\":%.0f,\"errors\":%ld}\n",
         sent, samples, malformed, seconds, (double)sent / seconds, errors);
  return 0;
}

static int save(const char *path, int count) {
  FILE *file = fopen(path, "wb");
  if (!file) { perror(path); return 1; }
  for (int i = 0; i < count; i++) {
    Datagram d;
    build(&d, i);
    stamp(&d, FIRST_UPTIME_MS + (uint32_t)i / 100);
    uint32_t length = d.length;
    fwrite(&length, 4, 1, file);
    fwrite(d.bytes, 1, d.length, file);
  }
  return fclose(file);
}

int main(int argc, char **argv) {
  t4 = read_table("t4.bin", sizeof *t4, &n4);
  t6 = read_table("t6.bin", sizeof *t6, &n6);
  double total = 0;
  for (int i = 0; i < DESTINATIONS; i++) {
    reached[i] = total += 1.0 / (i + 1);
    destinations[i] = (uint32_t)(random_bits() % n4);
  }
  for (int i = 0; i < DESTINATIONS; i++) reached[i] /= total;
  if (argc == 4 && !strcmp(argv[1], "file")) return save(argv[2], atoi(argv[3]));
  int sources = argc > 5 ? atoi(argv[5]) : 1;
  if (argc < 5 || strcmp(argv[1], "send") || sources < 1 || MOST_SOURCES % sources) {
    fprintf(stderr, "sflow-load send PORT DATAGRAMS_PER_SECOND DATAGRAMS [SOURCES [MALFORMED_EVERY]] | file FILE DATAGRAMS\n");
    return 2;
  }
  prctl(PR_SET_TIMERSLACK, 1000);
  return send_all(atoi(argv[2]), atof(argv[3]), atol(argv[4]), sources, argc > 6 ? atoi(argv[6]) : 0);
}
