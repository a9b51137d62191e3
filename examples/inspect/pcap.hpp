// Captured packets: from pcap and pcapng files to the payloads of UDP and TCP.
#pragma once
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <set>

#include "model.hpp"

namespace inspect {

/// One datagram, or everything that one side of a TCP connection has sent.
struct payload {
  std::string where;
  std::uint16_t from = 0, to = 0;  ///< ports
  bool stream = false;
  octets data;
  struct piece {
    std::size_t at;  ///< its offset in `data`
    std::size_t frame;
  };
  std::vector<piece> pieces;  ///< for a stream: which octets are from which frame
  std::size_t frame = 0;
};

class capture {
 public:
  static bool is_one(kerb::bytes_view in) {
    if (in.size() < 24) return false;
    const std::uint32_t m = word(in, 0, false);
    return m == 0xa1b2c3d4 || m == 0xd4c3b2a1 || m == 0xa1b23c4d || m == 0x4d3cb2a1 || m == 0x0a0d0d0a;
  }

  capture(kerb::bytes_view in, std::set<std::uint16_t> ports) : ports_(std::move(ports)) {
    if (word(in, 0, false) == 0x0a0d0d0a) read_pcapng(in);
    else read_pcap(in);
  }
  /// The payloads, in the order of their first frames.
  std::vector<payload> take() {
    for (auto& [key, s] : streams_) end(s);
    std::sort(found_.begin(), found_.end(), [](const payload& a, const payload& b) { return a.frame < b.frame; });
    return std::move(found_);
  }
  std::size_t frames = 0, gaps = 0, unknown = 0;  ///< all frames; streams with a gap; frames of an unknown link layer
  std::size_t other_ports = 0;                    ///< frames of UDP and TCP that were passed over
  kerb::error fault;

 private:
  struct stream {
    payload out;
    bool begun = false;
    std::optional<std::uint32_t> syn;  ///< its sequence number
    std::uint32_t next = 0;
    std::map<std::uint32_t, std::pair<octets, std::size_t>> waiting;
  };

  static std::uint32_t word(kerb::bytes_view in, std::size_t at, bool little) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i != 4; ++i) v = v << 8 | in[at + (little ? 3 - i : i)];
    return v;
  }
  static std::uint16_t half(kerb::bytes_view in, std::size_t at, bool little = false) {
    return static_cast<std::uint16_t>(in[at + (little ? 1 : 0)] << 8 | in[at + (little ? 0 : 1)]);
  }
  void fail(std::size_t at, const char* field) {
    fault = {.code = kerb::errc::truncated, .offset = static_cast<std::uint32_t>(at), .type = "pcap", .field = field};
  }

  void read_pcap(kerb::bytes_view in) {
    const bool little = in[0] != 0xa1;
    const std::uint32_t link = word(in, 20, little) & 0xffff;
    for (std::size_t at = 24; at != in.size();) {
      if (in.size() - at < 16) return fail(at, "record");
      const std::size_t size = word(in, at + 8, little);
      if (in.size() - at - 16 < size) return fail(at, "record");
      frame(in.subview(at + 16, size), link);
      at += 16 + size;
    }
  }
  void read_pcapng(kerb::bytes_view in) {
    bool little = false;
    std::vector<std::uint32_t> links;
    for (std::size_t at = 0; at != in.size();) {
      if (in.size() - at < 12) return fail(at, "block");
      const bool section = word(in, at, false) == 0x0a0d0d0a;
      if (section) little = in[at + 8] == 0x4d, links.clear();
      const std::uint32_t type = word(in, at, little), size = word(in, at + 4, little);
      if (size < 12 || size % 4 != 0 || in.size() - at < size) return fail(at, "block");
      const kerb::bytes_view body = in.subview(at + 8, size - 12);
      if (!section && type == 1 && body.size() >= 8) links.push_back(half(body, 0, little));
      if (!section && type == 6 && body.size() >= 20) {
        const std::size_t held = word(body, 12, little), interface = word(body, 0, little);
        if (held > body.size() - 20 || interface >= links.size()) return fail(at, "packet");
        frame(body.subview(20, held), links[interface]);
      }
      if (!section && type == 3 && body.size() >= 4 && !links.empty()) {
        frame(body.subview(4, std::min<std::size_t>(word(body, 0, little), body.size() - 4)), links[0]);
      }
      at += size;
    }
  }

  void frame(kerb::bytes_view in, std::uint32_t link) {
    ++frames;
    std::size_t skip = 0;
    switch (link) {
      case 1: {  // Ethernet, with or without VLAN tags
        skip = 14;
        while (in.size() >= skip + 4 && (half(in, skip - 2) == 0x8100 || half(in, skip - 2) == 0x88a8)) skip += 4;
        break;
      }
      case 0:
      case 108: skip = 4; break;  // loopback
      case 12:
      case 14:
      case 101:
      case 228:
      case 229: break;             // plain IP
      case 113: skip = 16; break;  // Linux cooked capture
      case 276: skip = 20; break;
      default: ++unknown; return;
    }
    if (in.size() > skip) ip(in.subview(skip));
  }
  void ip(kerb::bytes_view in) {
    if (in[0] >> 4 == 4) {
      const std::size_t header = (in[0] & 0xfu) * 4;
      if (in.size() < 20 || header < 20 || in.size() < header) return;
      const std::size_t total = half(in, 2);
      if ((half(in, 6) & 0x3fff) != 0) return;  // a fragment
      // with offloading, the length is 0
      if (total >= header && total <= in.size()) in = in.first(total);
      return carried(in[9], in.subview(header), dotted(in.subview(12, 4)), dotted(in.subview(16, 4)));
    }
    if (in[0] >> 4 != 6 || in.size() < 40) return;
    const std::size_t total = 40 + half(in, 4);
    if (total <= in.size()) in = in.first(total);
    std::uint8_t next = in[6];
    std::size_t at = 40;
    while ((next == 0 || next == 43 || next == 60) && in.size() >= at + 8) {
      next = in[at];
      at += 8 + in[at + 1] * 8u;
      if (at > in.size()) return;
    }
    carried(next, in.subview(at), colons(in.subview(8, 16)), colons(in.subview(24, 16)));
  }
  static std::string dotted(kerb::bytes_view a) {
    std::string out;
    for (std::uint8_t b : a) out += (out.empty() ? "" : ".") + std::to_string(b);
    return out;
  }
  static std::string colons(kerb::bytes_view a) {
    std::string out = "[";
    char part[8];
    for (std::size_t i = 0; i != 16; i += 2) {
      std::snprintf(part, sizeof part, "%s%x", i == 0 ? "" : ":", static_cast<unsigned>(half(a, i)));
      out += part;
    }
    return out + "]";
  }
  void carried(std::uint8_t protocol, kerb::bytes_view in, const std::string& source, const std::string& target) {
    if ((protocol != 17 && protocol != 6) || in.size() < (protocol == 17 ? 8u : 20u)) return;
    payload p;
    p.from = half(in, 0);
    p.to = half(in, 2);
    p.frame = frames;
    if (ports_.count(p.from) + ports_.count(p.to) == 0) return void(++other_ports);
    p.where = (protocol == 17 ? "UDP, " : "TCP, ") + source + ":" + std::to_string(p.from) + " > " + target + ":" +
              std::to_string(p.to);
    if (protocol == 17) {
      const std::size_t size = half(in, 4);
      if (size >= 8 && size <= in.size()) in = in.first(size);
      p.data.assign(in.begin() + 8, in.end());
      if (!p.data.empty()) found_.push_back(std::move(p));
      return;
    }
    const std::size_t header = (in[12] >> 4) * 4u;
    if (header < 20 || header > in.size()) return;
    segment(std::move(p), word(in, 4, false), (in[13] & 2) != 0, in.subview(header));
  }
  void end(stream& s) {
    if (!s.out.data.empty()) found_.push_back(std::move(s.out));
    if (!s.waiting.empty()) ++gaps;
  }
  /// Adds a segment to its stream, ordered by sequence number; octets that the stream already has are dropped.
  void segment(payload p, std::uint32_t sequence, bool syn, kerb::bytes_view data) {
    stream* s = &streams_[p.where];
    if (syn && s->begun && s->syn != sequence) {  // another connection with the same ports
      end(*s);
      *s = {};
    }
    if (!s->begun) {
      s->begun = true;
      if (syn) s->syn = sequence;
      s->next = sequence + (syn ? 1 : 0);
      s->out = std::move(p);
      s->out.stream = true;
    }
    if (syn || data.empty()) return;
    // A retransmitted segment may be longer
    auto& [held, number] = s->waiting[sequence];
    if (held.size() < data.size()) held.assign(data.begin(), data.end()), number = frames;
    while (!s->waiting.empty()) {
      // Numbers wrap around: the next segment is the last one that does not begin beyond the end of the stream
      auto it = s->waiting.upper_bound(s->next);
      if (it == s->waiting.begin()) it = s->waiting.end();
      --it;
      const std::uint32_t known = s->next - it->first;
      if (known > 0x7fffffff) return;  // a gap
      const auto& [piece, frame] = it->second;
      if (known < piece.size()) {
        if (s->out.data.empty()) s->out.frame = frame;
        s->out.pieces.push_back({s->out.data.size(), frame});
        s->out.data.insert(s->out.data.end(), piece.begin() + known, piece.end());
        s->next += static_cast<std::uint32_t>(piece.size() - known);
      }
      s->waiting.erase(it);
    }
  }

  std::set<std::uint16_t> ports_;
  std::map<std::string, stream> streams_;
  std::vector<payload> found_;
};

}  // namespace inspect
