// KDCs in DNS: SRV records (RFC 2782, RFC 4120 section 7.2.3) and URI records (RFC 7553) with krb5srv: URIs.
#pragma once
#include <optional>
#include <span>

#include "../core/result.hpp"
#include "host_port.hpp"

namespace kerb::inline v0 {

// The realm of a host is not looked up in DNS (MIT krb5's dns_lookup_realm, a TXT record). The answer is
// unauthenticated, and whoever forges it chooses which KDC vouches for the host.

/// Types of DNS records, of the IANA registry.
enum class dns_type_t : std::uint16_t { srv = 33, uri = 256 };

/// What to ask DNS for: the records `type` of the name `service` + realm, see dns_name().
struct dns_question {
  dns_type_t type{};
  std::string_view service;  ///< "_kerberos._udp"
  server_t server{};
  reach_t reach = reach_t::any;  ///< how the servers in SRV records are reached; a URI contains it
};

/// The questions for a server, in the order in which MIT krb5 asks them. Stop after the URI records if
/// there are any; ask both questions for SRV records.
constexpr std::array<dns_question, 3> dns_questions(server_t s) {
  constexpr auto all = [](server_t which, std::string_view uri, std::string_view udp, std::string_view tcp) {
    return std::array<dns_question, 3>{{{dns_type_t::uri, uri, which, reach_t::any},
                                        {dns_type_t::srv, udp, which, reach_t::udp},
                                        {dns_type_t::srv, tcp, which, reach_t::tcp}}};
  };
  switch (s) {
    case server_t::primary_kdc: return all(s, "_kerberos", "_kerberos-master._udp", "_kerberos-master._tcp");
    case server_t::kadmin: return all(s, "_kerberos-adm", "_kerberos-adm._udp", "_kerberos-adm._tcp");
    case server_t::kpasswd: return all(s, "_kpasswd", "_kpasswd._udp", "_kpasswd._tcp");
    default: return all(s, "_kerberos", "_kerberos._udp", "_kerberos._tcp");
  }
}

/// The longest name in DNS as text, with the dot at its end.
inline constexpr std::size_t max_dns_name = 254;

namespace detail {
/// Whether a host or realm can have this character in DNS.
constexpr bool is_dns_character(char c) {
  return is_digit(c) || (small_letter(c) >= 'a' && small_letter(c) <= 'z') || c == '-' || c == '_';
}
}  // namespace detail

/// The name to ask for. It is `_kerberos._udp.EX.ORG.`, or with a site of Active Directory or of
/// [realms] sitename `_kerberos._udp.SITE._sites.EX.ORG.`, which can have no records where the name
/// without the site has some. The name ends with a dot, so a resolver does not append a domain. Errors:
/// errc::bad_name_text for a realm or site that is no domain name, with the offset in it;
/// errc::no_space for a name that is longer than `out` or than DNS allows.
constexpr result<std::string_view> dns_name(const dns_question& q, std::string_view realm,
                                            std::span<char> out KERB_LIFETIMEBOUND, std::string_view site = {}) {
  const auto labels = [](std::string_view text, const char* field) {
    std::size_t label = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      const bool dot = i == text.size() || text[i] == '.';
      if (dot ? label == 0 : !detail::is_dns_character(text[i]) || label == 63) {
        return error{errc::bad_name_text, static_cast<std::uint32_t>(i), 0, "DNS", field};
      }
      label = dot ? 0 : label + 1;
    }
    return error{};
  };
  if (!realm.empty() && realm.back() == '.') realm = detail::part_of(realm, 0, realm.size() - 1);
  if (const error e = labels(realm, "realm"); !e.ok()) return e;
  if (!site.empty())
    if (const error e = labels(site, "site"); !e.ok()) return e;
  std::size_t n = 0;
  const auto add = [&](std::string_view text) {
    for (const char c : text) {
      if (n < out.size()) out[n] = c;
      ++n;
    }
  };
  add(q.service);
  add(".");
  if (!site.empty()) {
    add(site);
    add("._sites.");
  }
  add(realm);
  add(".");
  if (n > out.size() || n > max_dns_name) {
    return error{.code = errc::no_space, .detail = static_cast<std::uint32_t>(n), .type = "DNS"};
  }
  return std::string_view(out.data(), n);
}

/// An SRV or URI record. The target is a view of the buffer that read_dns_reply() was given, or of a
/// text of yours.
struct dns_record {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;   ///< of SRV
  std::string_view target;  ///< of SRV: a host without the dot at the end, empty for "."; of URI: the URI
};
template <std::size_t N = 16>
using dns_records = fixed<dns_record, N>;

namespace detail {
/// A cursor over a DNS message (RFC 1035 section 4.1).
class dns_reader {
 public:
  constexpr explicit dns_reader(bytes_view message, std::size_t at = 0) : in_(message), at_(at) {}
  constexpr const error& why() const { return why_; }
  constexpr std::size_t at() const { return at_; }
  constexpr bool fail(errc c, const char* field, std::size_t at, std::uint32_t detail = 0) {
    if (why_.ok()) why_ = {c, static_cast<std::uint32_t>(at), detail, "DNS", field};
    return false;
  }
  constexpr std::uint32_t number(std::size_t octets, const char* field) {
    if (!has(octets, field)) return 0;
    std::uint32_t n = 0;
    for (std::size_t i = 0; i != octets; ++i) n = n << 8 | in_[at_++];
    return n;
  }
  constexpr bool has(std::size_t octets, const char* field) {
    if (!why_.ok()) return false;
    return in_.size() - at_ >= octets || fail(errc::truncated, field, at_);
  }
  constexpr bytes_view take(std::size_t octets, const char* field) {
    if (!has(octets, field)) return {};
    at_ += octets;
    return in_.subview(at_ - octets, octets);
  }
  /// Reads a name and calls f(octet) for each of its characters and for the dots between labels. A
  /// pointer must point to something in front of it, and a name has at most max_pointers of them: so
  /// a reply takes linear time.
  template <class F>
  constexpr bool name(const char* field, F&& f) {
    const std::size_t from = at_;
    std::size_t at = at_, octets = 1, end = 0;
    for (unsigned pointers = 0;;) {
      if (at == in_.size()) return fail(errc::truncated, field, at);
      const std::uint8_t size = in_[at];
      if (size == 0) break;
      if (size >= 0xc0) {
        if (in_.size() - at < 2) return fail(errc::truncated, field, at);
        const std::size_t to = (size & 0x3fu) << 8 | in_[at + 1];
        if (pointers++ == 0) end = at + 2;
        if (to >= at || pointers > max_pointers) return fail(errc::bad_dns_name, field, from);
        at = to;
        continue;
      }
      if (size > 63) return fail(errc::bad_dns_name, field, from);
      if (in_.size() - at < size + 1u) return fail(errc::truncated, field, at);
      octets += size + 1u;
      if (octets > 255) return fail(errc::bad_dns_name, field, from);
      if (octets != size + 2u) f(std::uint8_t{'.'}, true);
      for (std::size_t i = 1; i <= size; ++i) f(in_[at + i], false);
      at += size + 1u;
    }
    at_ = end != 0 ? end : at + 1;
    return true;
  }
  static constexpr unsigned max_pointers = 16;

 private:
  bytes_view in_;
  std::size_t at_ = 0;
  error why_{};
};

/// Keeps the records with the best priorities, at most N. Returns the index of `r`; none if it is not
/// among them.
template <std::size_t N>
constexpr std::optional<std::size_t> keep(const dns_record& r, dns_records<N>& out) {
  if (out.push_back(r)) return out.size() - 1;
  std::size_t worst = 0;
  for (std::size_t i = 1; i != N; ++i)
    if (out[i].priority > out[worst].priority) worst = i;
  if (r.priority >= out[worst].priority) return std::nullopt;
  out[worst] = r;
  return worst;
}
/// Where the target of a record is in a reply; at 0 if it is in none.
struct dns_target {
  std::size_t at = 0;
  std::size_t octets = 0;
};
}  // namespace detail

/// Appends the records of one type in a DNS reply (RFC 1035 section 4.1), as res_query() or c-ares
/// give it to the caller, to `out`; of more than N those with the best priorities. Their targets are
/// copied into `text`, which must outlive them: 254 octets for each record that is kept are enough for
/// SRV. Whether the reply belongs to the question is for the resolver to check. A name that does not
/// exist (NXDOMAIN) has no records.
///
/// Errors, with the offset in the reply: errc::truncated, also for a reply with the flag TC (field
/// "TC"), after which the resolver asks over TCP; errc::wrong_constant for a message that is no reply;
/// errc::dns_error (detail: the RCODE); errc::bad_dns_name for a name that is too long, has more than
/// 16 pointers or one that does not point backwards, or a host with a character that no host has;
/// errc::trailing_data for a record that is longer than its contents; errc::no_space when `text` is
/// full (detail: octets needed). After an error, `out` has the records that were complete before it.
template <std::size_t N>
constexpr error read_dns_reply(bytes_view reply, dns_type_t type, std::span<char> text KERB_LIFETIMEBOUND,
                               dns_records<N>& out) {
  detail::dns_reader r(reply);
  (void)r.number(2, "ID");
  const std::uint32_t flags = r.number(2, "flags");
  const std::uint32_t questions = r.number(2, "QDCOUNT"), answers = r.number(2, "ANCOUNT");
  (void)r.number(4, "NSCOUNT");
  if (!r.why().ok()) return r.why();
  if ((flags & 0xf800) != 0x8000) r.fail(errc::wrong_constant, "flags", 2);
  if ((flags & 0x0200) != 0) r.fail(errc::truncated, "TC", 2);
  const std::uint32_t rcode = flags & 0xf;
  if (rcode != 0 && rcode != 3) r.fail(errc::dns_error, "RCODE", 2, rcode);
  const auto pass_over = [](std::uint8_t, bool) {};
  for (std::uint32_t i = 0; i != questions && r.why().ok(); ++i) {
    r.name("QNAME", pass_over);
    (void)r.number(4, "QTYPE");
  }
  std::array<detail::dns_target, N> targets{};  // of the records in `out` that are from this reply
  for (std::uint32_t i = 0; i != answers && r.why().ok(); ++i) {
    r.name("NAME", pass_over);
    const std::uint32_t kind = r.number(2, "TYPE"), in = r.number(2, "CLASS");
    (void)r.number(4, "TTL");
    const std::uint32_t size = r.number(2, "RDLENGTH");
    const std::size_t from = r.at();
    if (!r.has(size, "RDATA")) break;
    if (kind != static_cast<std::uint32_t>(type) || in != 1) {
      (void)r.take(size, "RDATA");
      continue;
    }
    const std::uint32_t fixed_part = type == dns_type_t::srv ? 7 : 4;
    if (size < fixed_part) {
      r.fail(errc::truncated, "RDATA", from);
      break;
    }
    dns_record record;
    record.priority = static_cast<std::uint16_t>(r.number(2, "Priority"));
    record.weight = static_cast<std::uint16_t>(r.number(2, "Weight"));
    if (type == dns_type_t::srv) record.port = static_cast<std::uint16_t>(r.number(2, "Port"));
    const std::size_t at = r.at();
    if (type == dns_type_t::srv) {
      bool proper = true;
      r.name("Target", [&](std::uint8_t octet, bool dot) {
        proper = proper && (dot || detail::is_dns_character(static_cast<char>(octet)));
      });
      if (r.why().ok() && !proper) r.fail(errc::bad_dns_name, "Target", at);
      if (r.why().ok() && r.at() != from + size) {
        r.fail(r.at() < from + size ? errc::trailing_data : errc::truncated, "RDATA", from);
      }
    } else {
      (void)r.take(size - 4, "Target");
    }
    if (!r.why().ok()) break;
    if (const auto kept = detail::keep(record, out)) targets[*kept] = {at, from + size - at};
  }
  // Only the targets of records that are kept take space
  std::size_t used = 0, lacking_at = 0;
  dns_records<N> complete;
  for (std::size_t i = 0; i != out.size(); ++i) {
    dns_record record = out[i];
    if (const detail::dns_target t = targets[i]; t.at != 0) {
      const std::size_t begin = used;
      const auto put = [&](std::uint8_t octet, bool) {
        if (used < text.size()) text[used] = static_cast<char>(octet);
        ++used;
      };
      detail::dns_reader target(reply, t.at);
      if (type == dns_type_t::srv) target.name("Target", put);
      else
        for (const std::uint8_t c : target.take(t.octets, "Target")) put(c, false);
      if (used > text.size()) {
        if (lacking_at == 0) lacking_at = t.at;
        continue;
      }
      record.target = detail::part_of(std::string_view(text.data(), text.size()), begin, used - begin);
    }
    (void)complete.push_back(record);
  }
  out = complete;
  if (lacking_at != 0) r.fail(errc::no_space, "text", lacking_at, static_cast<std::uint32_t>(used));
  return r.why();
}

/// Puts records in the order in which to try them: by priority, and at random by weight where the
/// priorities are the same (RFC 2782). The order depends only on `random`, 64 random bits; they need
/// not be secret, since they only distribute the load.
constexpr void order_by_weight(std::span<dns_record> records, std::uint64_t random) {
  const auto draw = [&](std::uint64_t most) {  // splitmix64, whose remainder is even enough for 22 bits
    std::uint64_t z = (random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % (most + 1);
  };
  const auto swap = [&](std::size_t a, std::size_t b) {
    const dns_record r = records[a];
    records[a] = records[b];
    records[b] = r;
  };
  for (std::size_t i = 1; i < records.size(); ++i)  // by priority, and weight 0 first in each
    for (std::size_t k = i; k != 0; --k) {
      const dns_record &a = records[k - 1], &b = records[k];
      if (a.priority < b.priority || (a.priority == b.priority && (a.weight == 0 || b.weight != 0))) break;
      swap(k - 1, k);
    }
  for (std::size_t from = 0; from != records.size(); ++from) {
    std::uint64_t sum = 0;
    std::size_t end = from;
    for (; end != records.size() && records[end].priority == records[from].priority; ++end) sum += records[end].weight;
    const std::uint64_t wanted = draw(sum);
    std::size_t chosen = from;
    for (std::uint64_t running = records[from].weight; running < wanted; running += records[chosen].weight) ++chosen;
    for (; chosen != from; --chosen) swap(chosen - 1, chosen);  // the others stay in their order
  }
}

/// Reads a URI as MIT krb5 defines it for URI records, `krb5srv:flags:udp|tcp|kkdcp:host`: the host
/// can have a port, and for kkdcp it is a URL with `https://`. The flag `m` marks the primary KDC; other
/// flags are ignored. None if it is another URI.
constexpr std::optional<server_candidate> parse_krb5srv(std::string_view uri, std::uint16_t default_port) {
  if (!detail::take_word(uri, "krb5srv:")) return std::nullopt;
  bool primary = false;
  while (!uri.empty() && uri.front() != ':') {
    primary = primary || detail::small_letter(uri.front()) == 'm';
    detail::drop(uri, 1);
  }
  if (!detail::take_word(uri, ":")) return std::nullopt;
  for (const char c : uri)
    if (c <= ' ' || c >= '\x7f') return std::nullopt;  // whether char has a sign or not: no octet from 0x80 on
  std::optional<server_candidate> out;
  if (detail::take_word(uri, "udp:")) {
    out = detail::read_host_port(uri, default_port);
    if (out) out->reach = reach_t::udp;
  } else if (detail::take_word(uri, "tcp:")) {
    out = detail::read_host_port(uri, default_port);
    if (out) out->reach = reach_t::tcp;
  } else if (detail::take_word(uri, "kkdcp:")) {
    out = detail::read_proxy(uri);
  }
  if (out) out->primary = primary;
  return out;
}

/// Orders the records that answer a question (order_by_weight) and appends the servers in them to
/// `out`, at most as many as fit. URIs that are no krb5srv: are passed over, and of URIs for
/// server_t::primary_kdc those that do not mark one. Returns errc::dns_no_service when the realm has
/// the record "." alone: it offers no such server (RFC 2782).
template <std::size_t M, std::size_t N>
constexpr error append_servers(dns_records<M> records, const dns_question& q, std::uint64_t random,
                               server_list<N>& out) {
  order_by_weight(std::span<dns_record>(records.data(), records.size()), random);
  if (q.type == dns_type_t::srv && records.size() == 1 && records[0].target.empty()) {
    return {.code = errc::dns_no_service, .type = "DNS", .field = "Target"};
  }
  for (const dns_record& r : records) {
    std::optional<server_candidate> c;
    if (q.type == dns_type_t::uri) {
      c = parse_krb5srv(r.target, default_port(q.server));
      if (c && q.server == server_t::primary_kdc && !c->primary) continue;
    } else if (!r.target.empty()) {
      c = server_candidate{
          .host = r.target, .port = r.port, .reach = q.reach, .primary = q.server == server_t::primary_kdc};
    }
    if (c && !out.push_back(*c)) break;
  }
  return {};
}

}  // namespace kerb::inline v0
