// Keytabs and caches of other implementations (tests/vectors/files.inc), and files as text to compare them by.
#pragma once
#include <algorithm>
#include <kerb/format/ccache.hpp>
#include <kerb/format/keytab.hpp>
#include <memory>
#include <string>
#include <vector>

namespace kerb_test {

enum class file_kind { keytab, ccache };
struct sample_file {
  file_kind kind;
  std::string name;
  std::endian order;
  bool is_good;
  std::vector<std::uint8_t> octets;
  std::vector<std::string> listed;
};

inline std::vector<std::uint8_t> from_hex(std::string_view text) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(
        static_cast<std::uint8_t>(kerb::detail::hex_digit(text[i]) << 4 | kerb::detail::hex_digit(text[i + 1])));
  }
  return out;
}
inline std::string to_hex(kerb::bytes_view octets) {
  std::string out;
  for (std::uint8_t b : octets) {
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15];
  }
  return out;
}

inline const std::vector<sample_file>& sample_files() {
  static const std::vector<sample_file> files = [] {
    std::vector<sample_file> all;
#define KERB_FILE(kind, name, is_little, good, hex) \
  all.push_back({file_kind::kind, name, is_little ? std::endian::little : std::endian::big, good, from_hex(hex), {}});
#define KERB_LISTED(text) all.back().listed.push_back(text);
#include "vectors/files.inc"
#undef KERB_FILE
#undef KERB_LISTED
    return all;
  }();
  return files;
}

inline std::string number(std::int64_t n) { return std::to_string(n); }
inline std::string time_or_0(const std::optional<kerb::kerberos_time>& t) { return number(t ? t->seconds : 0); }
inline std::string listed(const kerb::file_name& n) {
  std::string out = number(static_cast<std::int32_t>(n.name_type)) + ' ', bar;
  for (const kerb::kerberos_string c : n.components) {
    out += bar + std::string(c.text());
    bar = "|";
  }
  return out + '@' + std::string(n.realm.text());
}
inline std::string listed(const kerb::keytab_entry& e) {
  return listed(e.principal) + ' ' + number(e.timestamp.seconds) + ' ' + number(e.kvno) +
         (e.short_kvno ? " short " : " ") + number(static_cast<std::int32_t>(e.etype)) + ':' +
         to_hex(e.key.unguarded());
}
inline std::string listed(const kerb::cache_entry& e) {
  std::string out = listed(e.client) + ' ' + listed(e.server) + ' ' + number(static_cast<std::int32_t>(e.etype)) + ':' +
                    to_hex(e.key.unguarded()) + ' ' + number(e.authtime.seconds) + ' ' + time_or_0(e.starttime) + ' ' +
                    number(e.endtime.seconds) + ' ' + time_or_0(e.renew_till) + (e.is_skey ? " 1 " : " 0 ");
  for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789abcdef"[e.flags.bits >> shift & 15];
  std::string comma;
  out += " [";
  for (const auto& a : e.addresses) {
    out += comma + number(static_cast<std::int32_t>(a.addr_type)) + ':' + to_hex(a.address);
    comma = ",";
  }
  comma = "";
  out += "] [";
  for (const auto& a : e.authdata) {
    out += comma + number(static_cast<std::int32_t>(a.ad_type)) + ':' + to_hex(a.ad_data);
    comma = ",";
  }
  return out + "] " + to_hex(e.ticket) + ' ' + to_hex(e.second_ticket);
}
inline std::vector<std::string> listed(const kerb::keytab_view& k) {
  std::vector<std::string> out;
  for (const kerb::keytab_entry& e : k) out.push_back(listed(e));
  return out;
}
inline std::vector<std::string> listed(const kerb::ccache_view& c) {
  std::vector<std::string> out{number(c.version()) + ' ' + listed(c.client())};
  if (c.offset()) {
    std::uint8_t o[8];
    for (int i = 0; i != 4; ++i) {
      o[i] = static_cast<std::uint8_t>(c.offset()->seconds >> (24 - 8 * i));
      o[4 + i] = static_cast<std::uint8_t>(c.offset()->usec >> (24 - 8 * i));
    }
    out[0] += " 1:" + to_hex(kerb::bytes_view(o));
  }
  for (const kerb::cache_entry& e : c) out.push_back(listed(e));
  return out;
}

/// A copy of exactly its size on the heap, where a sanitizer sees who looks behind it.
struct exact_copy {
  std::unique_ptr<std::uint8_t[]> octets;
  std::size_t size;
  explicit exact_copy(kerb::bytes_view v) : octets(new std::uint8_t[v.size()]), size(v.size()) {
    std::copy(v.begin(), v.end(), octets.get());
  }
  kerb::bytes_view view() const { return {octets.get(), size}; }
};

inline bool inside(kerb::bytes_view part, kerb::bytes_view whole) {
  return part.size() <= whole.size() && part.data() >= whole.data() && part.end() <= whole.end();
}
inline bool inside(const kerb::file_name& n, kerb::bytes_view whole) {
  bool good = inside(n.realm.octets, whole);
  std::size_t count = 0;
  for (const kerb::kerberos_string c : n.components) {
    good = good && inside(c.octets, whole);
    ++count;
  }
  return good && count == n.components.size();
}
inline bool inside(const kerb::keytab_entry& e, kerb::bytes_view whole) {
  return inside(e.principal, whole) && inside(e.key.unguarded(), whole);
}
inline bool inside(const kerb::cache_entry& e, kerb::bytes_view whole) {
  bool good = inside(e.client, whole) && inside(e.server, whole) && inside(e.key.unguarded(), whole) &&
              inside(e.ticket, whole) && inside(e.second_ticket, whole);
  for (const auto& a : e.addresses) good = good && inside(a.address, whole);
  for (const auto& a : e.authdata) good = good && inside(a.ad_data, whole);
  return good;
}

}  // namespace kerb_test
