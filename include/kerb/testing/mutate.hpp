// A mutator for fuzzers that knows the schemas: it changes fields, not octets, and seals again what was sealed.
#pragma once
#include "../asn1/describe.hpp"
#include "../asn1/encode.hpp"
#include "../asn1/replaced.hpp"
#include "../der/time.hpp"
#include "../msg/contents.hpp"
#include "der_tree.hpp"
#include "insecure.hpp"

namespace kerb::inline v0::testing {

/// The changes that mutate() makes. `lie` and `truncate` leave wrong lengths, and `spoil` a
/// wrong seal; after the others all lengths are right.
enum class mutation : std::uint8_t {
  drop,         ///< removes a field or an element
  repeat,       ///< puts copies of a field or an element behind it
  reorder,      ///< exchanges a field with the next one
  resize,       ///< changes the size of a primitive's contents
  retag,        ///< changes an identifier octet
  lie,          ///< writes a false, long or indefinite length
  time,         ///< writes a time at an edge, an impossible date, or a time near the one that was there
  number,       ///< writes a number at the edge of a type, or beside the one that was there
  flag,         ///< changes bits of a BIT STRING, or how many there are
  name,         ///< changes one component of a name, a realm or another text, half of the time wherever it is
  enumeration,  ///< writes another number of a registry: an encryption type, a name type, a message type
  payload,      ///< replaces an encoding in an OCTET STRING or under a seal by another, or by nothing
  graft,        ///< copies the contents of another field of the same type here
  octet,        ///< changes one octet of a primitive's contents
  truncate,     ///< removes the end of the message
  spoil,        ///< changes an octet of a seal or checksum that was true
};
inline constexpr std::size_t mutation_count = 16;

constexpr std::string_view name_of(mutation m) {
  constexpr std::string_view names[] = {"drop",  "repeat", "reorder",  "resize", "retag",       "lie",
                                        "time",  "number", "flag",     "name",   "enumeration", "payload",
                                        "graft", "octet",  "truncate", "spoil"};
  return static_cast<std::size_t>(m) < mutation_count ? names[static_cast<std::size_t>(m)] : std::string_view();
}

/// A key of testing::insecure_policy, under which messages are sealed.
struct mutation_key {
  etype_t etype{};
  bytes_view octets;
};
/// What a checksum protects: one in a message of type `owner` ("Authenticator") the part of type
/// `covered` ("KDC-REQ-BODY"), or with that field's name, wherever it is. It is signed again only if
/// it was true before. A KRB-SAFE protects itself without its checksum (RFC 4120 section 5.6.1).
struct mutation_cover {
  std::string_view owner, covered;
  key_usage_t usage{};
};
/// The checksums of RFC 4120, RFC 6113 and MS-SFU that protect a part of the same message.
inline constexpr mutation_cover standard_covers[] = {
    {"KRB-SAFE", "KRB-SAFE", key_usage_t::krb_safe_cksum},
    {"Authenticator", "KDC-REQ-BODY", key_usage_t::tgs_req_authenticator_cksum},
    {"KrbFastArmoredReq", "KDC-REQ-BODY", key_usage_t::fast_req_cksum},
    {"KrbFastArmoredReq", "AP-REQ", key_usage_t::fast_req_cksum},
    {"AD-KDCIssued", "elements", key_usage_t::ad_kdc_issued_cksum},
    {"PA-S4U-X509-USER", "user-id", key_usage_t::pa_s4u_x509_user_request},
    {"PA-S4U-X509-USER", "user-id", key_usage_t::pa_s4u_x509_user_reply},
};

struct mutation_options {
  view_of<mutation_key> keys{};    ///< keys that seal; those in what they open are found
  std::optional<mutation> only{};  ///< makes this change, once; without it one to three of any kind
  view_of<mutation_cover> covers = standard_covers;
};

/// What mutate() has made.
struct mutated {
  std::size_t size = 0;      ///< of the octets now
  std::uint32_t made = 0;    ///< bit N: the mutation with the number N
  std::uint32_t opened = 0;  ///< how many seals and checksums were true before, and could be made again

  constexpr bool has(mutation m) const { return (made >> static_cast<unsigned>(m) & 1u) != 0; }
};

/// The changes to one message. mutate() fills and uses it; it has about 50 KiB, on the stack.
class mutator {
 public:
  constexpr mutator(std::span<std::uint8_t> buffer, std::size_t size, std::uint64_t seed,
                    const mutation_options& options)
      : tree_(buffer, size), options_(options), random_(seed) {
    for (const mutation_key& k : options.keys) learn(k.etype, k.octets);
  }

  /// Describes the octets as a T. Returns how far that went: past the end if they decode.
  template <class T, class Contents>
  constexpr std::size_t look(const Contents& contents) {
    tree_.clear();
    gather see{*this};
    const bytes_view in = tree_.octets();
    const error why = asn1::describe_as<T>("", in, see, der::as_deployed, contents);
    return why.ok() ? in.size() + 1 : why.offset;
  }
  /// Reads the octets without a schema.
  constexpr void look_without_schema() {
    tree_.clear();
    tree_.add_all();
  }
  constexpr der_tree& tree() { return tree_; }

  /// Makes the changes, and then the seals and checksums again.
  constexpr mutated run() {
    find_covers();
    mutated m;
    for (std::int32_t i = 0; i != count(); ++i) m.opened += tree_[i].key >= 0;
    if (options_.only) {
      m.made = make(*options_.only) ? bit(*options_.only) : 0;
    } else {
      const std::size_t times = 1 + (below(4) == 0) + (below(8) == 0);
      for (std::size_t i = 0; i != times; ++i) {
        const std::size_t first = below(mutation_count);
        for (std::size_t k = 0; k != mutation_count; ++k) {  // the next kind, where this one finds nothing to change
          const auto kind = static_cast<mutation>((first + k) % mutation_count);
          if (!make(kind)) continue;
          m.made |= bit(kind);
          break;
        }
      }
    }
    seal_again();
    if (spoils_ >= 0 && tree_[spoils_].is_alive) flip(tree_.contents(spoils_));
    m.size = tree_.size();
    if (cut_ < m.size) m.size = cut_;
    return m;
  }

  constexpr std::uint64_t draw() {
    std::uint64_t z = random_ += 0x9e3779b97f4a7c15;  // splitmix64
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  /// A number below n, or 0.
  constexpr std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(draw() % n); }

 private:
  using content = asn1::content;
  static constexpr std::size_t seal_front = 8, seal_back = 8;  // of insecure_policy
  static constexpr std::size_t max_keys = 16, max_rounds = 3, max_covered = 4;

  /// Fills the tree, and opens what the keys open.
  struct gather {
    static constexpr asn1::reveal secrets{};
    mutator& to;
    std::uint32_t sealed_at = 0xffffffff;
    std::int8_t key = -1;
    std::int32_t usage = 0;
    etype_t keytype{};

    constexpr std::uint32_t offset(const std::uint8_t* at) const {
      return static_cast<std::uint32_t>(at - to.tree_.octets().data());
    }
    constexpr void operator()(const asn1::node& n) {
      tree_node t;
      t.begin = offset(n.header.data());
      t.body = t.begin + static_cast<std::uint32_t>(n.header.size());
      t.end = t.body + n.size;
      t.holds = n.holds, t.type = n.type, t.field = n.field, t.number = n.number;
      t.is_named = !n.name.empty();
      if (n.holds == content::sealed && key >= 0 && sealed_at == t.body) t.key = key, t.usage = usage;
      (void)to.tree_.add(t);
      const std::string_view field = n.field;
      if (field == "keytype") keytype = static_cast<etype_t>(n.number);
      if (field == "keyvalue" && n.parent != nullptr && std::string_view(n.parent->type) == "EncryptionKey")
        to.learn(keytype, n.contents);
    }
    constexpr bytes_view unseal(const asn1::node& n, const asn1::seal& s) {
      if (n.contents.size() < seal_front + seal_back) return {};
      for (std::size_t k = 0; k != to.key_count_; ++k) {
        if (static_cast<std::int32_t>(to.keys_[k].etype) != s.etype) continue;
        const auto imported = to.import(k);
        if (!imported) continue;
        for (const std::int32_t u : s.usages) {
          if (!to.policy_.opens(*imported, static_cast<key_usage_t>(u), n.contents)) continue;
          sealed_at = offset(n.contents.data());
          key = static_cast<std::int8_t>(k), usage = u;
          return n.contents.subview(seal_front, n.contents.size() - seal_front - seal_back);
        }
      }
      return {};
    }
  };
  struct known_key {
    etype_t etype{};
    std::array<std::uint8_t, 32> octets{};
    std::size_t size = 0;
  };

  constexpr void learn(etype_t e, bytes_view octets) {
    if (key_count_ == max_keys || octets.size() > 32) return;
    for (std::size_t i = 0; i != key_count_; ++i)
      if (keys_[i].etype == e && bytes_view(keys_[i].octets).first(keys_[i].size) == octets) return;
    known_key& k = keys_[key_count_++];
    k.etype = e, k.size = octets.size();
    kerb::detail::copy_octets(octets.data(), octets.size(), k.octets.data());
  }
  constexpr result<key> import(std::size_t k) {
    return policy_.import(keys_[k].etype, bytes_view(keys_[k].octets).first(keys_[k].size));
  }

  static constexpr std::uint32_t bit(mutation m) { return 1u << static_cast<unsigned>(m); }
  constexpr std::int32_t count() const { return static_cast<std::int32_t>(tree_.count()); }
  /// One of the parts for which `is` returns true, or -1.
  template <class P>
  constexpr std::int32_t pick(P&& is) {
    std::size_t found = 0;
    for (std::int32_t i = 0; i != count(); ++i) found += tree_[i].is_alive && is(i);
    if (found == 0) return -1;
    std::size_t skip = below(found);
    for (std::int32_t i = 0; i != count(); ++i)
      if (tree_[i].is_alive && is(i) && skip-- == 0) return i;
    return -1;
  }
  constexpr bool is_sealed(std::int32_t i) const { return tree_[i].holds == content::sealed && tree_[i].key >= 0; }
  constexpr bool is_primitive(std::int32_t i) const { return tree_[i].is_leaf && !is_container(i); }
  constexpr bool is_container(std::int32_t i) const {
    const content h = tree_[i].holds;
    return h == content::fields || h == content::elements || h == content::nested || is_sealed(i);
  }
  /// Where the encoding in an OCTET STRING or under a seal is.
  constexpr std::size_t inner_begin(std::int32_t i) const { return tree_[i].body + (is_sealed(i) ? seal_front : 0); }
  constexpr std::size_t inner_end(std::int32_t i) const { return tree_[i].end - (is_sealed(i) ? seal_back : 0); }
  constexpr bool set_inner(std::int32_t i, bytes_view octets) {
    return tree_.replace(i, inner_begin(i), inner_end(i) - inner_begin(i), octets);
  }
  constexpr void flip(std::span<std::uint8_t> octets) {
    if (octets.empty()) return;
    std::uint8_t& o = octets[below(octets.size())];
    o = static_cast<std::uint8_t>(o ^ 1u << below(8));
  }
  template <class V, std::size_t N>
  constexpr V any_of(const V (&values)[N]) {
    return values[below(N)];
  }

  constexpr bool make(mutation m) {
    switch (m) {
      case mutation::drop: return drop();
      case mutation::repeat: return repeat();
      case mutation::reorder: return reorder();
      case mutation::resize: return resize();
      case mutation::retag: return retag();
      case mutation::lie: return lie();
      case mutation::time: return change_time();
      case mutation::number: return change_number();
      case mutation::flag: return change_flag();
      case mutation::name: return change_name();
      case mutation::enumeration: return change_enumeration();
      case mutation::payload: return change_payload();
      case mutation::graft: return graft();
      case mutation::octet: return change_octet();
      case mutation::truncate: return truncate();
      case mutation::spoil: return spoil();
      default: return false;
    }
  }

  constexpr bool drop() {
    const std::int32_t i = pick([&](std::int32_t n) { return tree_[n].parent >= 0 && tree_[n].begin != tree_[n].end; });
    return i >= 0 && tree_.erase(i);
  }
  constexpr bool repeat() {
    const std::int32_t i = pick([&](std::int32_t n) { return tree_[n].parent >= 0 && tree_[n].begin != tree_[n].end; });
    if (i < 0) return false;
    const std::size_t one = tree_[i].end - tree_[i].begin;
    std::size_t times = below(4) != 0 ? 1 : 1 + below(31);
    while (times != 0 && !tree_.replace(tree_[i].parent, tree_[i].end, 0, times * one)) times /= 2;
    std::uint8_t* const from = tree_.octets().data() + tree_[i].begin;
    for (std::size_t k = 1; k <= times; ++k) kerb::detail::copy_octets(from, one, from + k * one);
    return times != 0;
  }
  constexpr bool reorder() {
    for (int tries = 0; tries != 4; ++tries) {
      const std::int32_t i = pick([&](std::int32_t n) {
        return tree_[n].parent >= 0 && tree_[n].begin != tree_[n].end && tree_[n].end != tree_[tree_[n].parent].end;
      });
      if (i < 0) return false;
      if (tree_.swap_with_next(i)) return true;
    }
    return false;
  }
  constexpr bool resize() {
    const std::int32_t i = pick([&](std::int32_t n) { return is_primitive(n); });
    if (i < 0) return false;
    constexpr std::size_t edges[] = {0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 64, 127, 128, 129, 255, 256, 257, 1024};
    const std::size_t old = tree_[i].end - tree_[i].body, beside[] = {old + 1, old == 0 ? 1 : old - 1, old * 2 + 1};
    std::size_t size = below(2) == 0 ? any_of(edges) : any_of(beside);
    if (size == old) ++size;
    if (size < old) return tree_.replace(i, tree_[i].body + size, old - size, 0);
    if (!tree_.replace(i, tree_[i].end, 0, size - old)) return false;
    const std::span<std::uint8_t> c = tree_.contents(i);
    const std::uint8_t with = old == 0 ? static_cast<std::uint8_t>(draw()) : c[old - 1];
    for (std::size_t k = old; k != size; ++k) c[k] = with;
    return true;
  }
  constexpr bool retag() {
    const std::int32_t i = pick([&](std::int32_t n) { return tree_.headers_of(n).count != 0; });
    if (i < 0) return false;
    const der_tree::headers h = tree_.headers_of(i);
    std::uint8_t& tag = tree_.octets()[h.of[below(h.count)].tag];
    constexpr std::uint8_t universal[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13,
                                          0x16, 0x17, 0x18, 0x1b, 0x1e, 0x24, 0x30, 0x31, 0x3b};
    const std::uint8_t others[] = {static_cast<std::uint8_t>(tag ^ 0x20),
                                   static_cast<std::uint8_t>(tag ^ 0x40),
                                   static_cast<std::uint8_t>(tag ^ 0x80),
                                   static_cast<std::uint8_t>((tag & 0xe0) | ((tag + 1) & 0x1f)),
                                   static_cast<std::uint8_t>((tag & 0xe0) | ((tag - 1) & 0x1f)),
                                   any_of(universal)};
    const std::uint8_t other = any_of(others);
    if (other == tag || (other & 0x1f) == 0x1f || (tag & 0x1f) == 0x1f) {
      tag = static_cast<std::uint8_t>(tag ^ 0x20);
    } else {
      tag = other;
    }
    return true;
  }
  constexpr bool lie() {
    const std::int32_t i = pick([&](std::int32_t n) { return tree_.headers_of(n).count != 0; });
    if (i < 0) return false;
    const der_tree::headers h = tree_.headers_of(i);
    const std::size_t k = below(h.count), is = tree_[i].end - h.of[k].end;
    const std::size_t values[] = {
        is + 1,   is == 0 ? 2 : is - 1, 0,         is / 2, tree_.size() - h.of[k].end, tree_.size(),
        is + 127, 0x7fffffff,           0xffffffff};
    std::array<std::uint8_t, 9> out{};
    std::size_t n = 0;
    std::size_t value = is;
    switch (below(4)) {
      case 0: out[n++] = 0x80; break;  // indefinite
      case 1:                          // true, with octets that it does not need
        n = 2 + below(8);
        break;
      default:
        value = any_of(values);
        if (value == is) value = is + 1;
        for (n = 1; n < 5 && (n == 1 ? value >= 0x80 : value >> (8 * (n - 1)) != 0); ++n) {}
    }
    if (n != 1) {
      std::size_t needed = 1;
      while (needed < 4 && value >> (8 * needed) != 0) ++needed;
      if (n < needed + 1) n = needed + 1;
      if (value == is && n == h.of[k].end - h.of[k].length) n = n == 9 ? 8 : n + 1;
      out[0] = static_cast<std::uint8_t>(0x80 + n - 1);
      for (std::size_t o = 1; o != n; ++o)
        out[o] = n - 1 - o < 8 ? static_cast<std::uint8_t>(value >> (8 * (n - 1 - o))) : std::uint8_t{0};
    } else if (out[0] == 0) {
      out[0] = static_cast<std::uint8_t>(value);
    }
    return tree_.set_length(i, k, bytes_view(out).first(n));
  }
  constexpr bool change_time() {
    const std::int32_t i = pick([&](std::int32_t n) { return tree_[n].holds == content::time; });
    if (i < 0) return false;
    constexpr std::string_view edges[] = {
        "19700101000000Z",   "19700101000001Z",     "19691231235959Z", "20380119031407Z", "20380119031408Z",
        "21060207062815Z",   "21060207062816Z",     "00010101000000Z", "00000101000000Z", "99991231235959Z",
        "20261231235960Z",   "20260229000000Z",     "20261301000000Z", "20260100000000Z", "20260101240000Z",
        "20260101000000.5Z", "20260101000000+0100", "260101000000Z",   "20260101000000",  ""};
    if (below(2) == 0) return set_text(i, any_of(edges));
    constexpr std::int64_t away[] = {-1, 1, -300, 300, -301, 301, -86400, 86400, -31536000, 31536000, 315360000};
    std::array<std::uint8_t, der::time_octets> text{};
    der::time_text({tree_[i].number + any_of(away)}, text.data());
    return tree_.set_contents(i, text);
  }
  constexpr bool change_number() {
    const std::int32_t i =
        pick([&](std::int32_t n) { return tree_[n].holds == content::number || tree_[n].holds == content::boolean; });
    if (i < 0) return false;
    constexpr std::int64_t edges[] = {0,
                                      1,
                                      -1,
                                      2,
                                      127,
                                      128,
                                      255,
                                      256,
                                      -128,
                                      -129,
                                      32767,
                                      32768,
                                      65535,
                                      65536,
                                      999999,
                                      1000000,
                                      2147483647,
                                      2147483648,
                                      -2147483648,
                                      -2147483649,
                                      4294967295,
                                      4294967296,
                                      9223372036854775807,
                                      -9223372036854775807 - 1};
    const std::int64_t v = tree_[i].number;
    switch (below(4)) {
      case 0: return set_number(i, v + 1);
      case 1: return set_number(i, v - 1);
      case 2: {
        constexpr std::uint8_t odd[][9] = {{1, 0, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0, 1}, {0, 0x80}};
        constexpr std::size_t sizes[] = {9, 9, 2};
        const std::size_t k = below(4);  // too large for 64 bits, with zeros in front, or no octet at all
        return k == 3 ? tree_.set_size(i, 0) : tree_.set_contents(i, bytes_view(odd[k]).first(sizes[k]));
      }
      default: {
        const std::int64_t edge = any_of(edges);
        return set_number(i, edge == v ? v + 2 : edge);
      }
    }
  }
  constexpr bool set_number(std::int32_t i, std::int64_t v) {
    std::array<std::uint8_t, 8> out{};
    std::size_t n = 8;
    for (std::size_t k = 0; k != 8; ++k)
      out[7 - k] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(v) >> (8 * k));
    while (n > 1 && v >= -(std::int64_t{1} << (8 * (n - 1) - 1)) && v < std::int64_t{1} << (8 * (n - 1) - 1)) --n;
    tree_[i].number = v;
    return tree_.set_contents(i, bytes_view(out).last(n));
  }
  constexpr bool change_flag() {
    const std::int32_t i = pick([&](std::int32_t n) {
      return (tree_[n].holds == content::flags || tree_[n].holds == content::bits) && tree_[n].end > tree_[n].body;
    });
    if (i < 0) return false;
    const std::span<std::uint8_t> c = tree_.contents(i);
    switch (below(8)) {
      case 0: return tree_.set_size(i, 0);
      case 1: c[0] = static_cast<std::uint8_t>(1 + below(9)); return true;  // unused bits: at most 7 are allowed
      case 2:
        if (c.size() > 1) return tree_.replace(i, tree_[i].end - 1, 1, 0);
        [[fallthrough]];
      case 3: {
        const std::uint8_t more[] = {static_cast<std::uint8_t>(draw())};
        return tree_.replace(i, tree_[i].end, 0, more);
      }
      case 4:
        for (std::size_t k = 1; k < c.size(); ++k) c[k] = 0xff;
        return true;
      case 5:
        for (std::size_t k = 1; k < c.size(); ++k) c[k] = 0;
        return true;
      default: flip(c.size() > 1 ? c.subspan(1) : c); return true;
    }
  }
  constexpr bool set_text(std::int32_t i, std::string_view text) {
    std::array<std::uint8_t, 300> out{};
    for (std::size_t k = 0; k != text.size(); ++k) out[k] = static_cast<std::uint8_t>(text[k]);
    return tree_.set_contents(i, bytes_view(out).first(text.size()));
  }
  constexpr bool is_text(std::int32_t n) const { return tree_[n].holds == content::text; }
  constexpr bool change_name() {
    const std::int32_t i = pick([&](std::int32_t n) { return is_text(n); });
    if (i < 0) return false;
    // The client's name is in the ticket and in the authenticator, and must be the same in both
    std::array<std::uint8_t, 64> old{};
    const std::span<std::uint8_t> c = tree_.contents(i);
    const bool everywhere = c.size() <= old.size() && below(2) == 0;
    const std::size_t size = everywhere ? c.size() : 0;
    kerb::detail::copy_octets(c.data(), size, old.data());
    if (!change_text(i)) return false;
    for (std::int32_t n = 0; everywhere && n != count(); ++n) {
      if (n == i || !tree_[n].is_alive || !is_text(n)) continue;
      if (bytes_view(tree_.contents(n)) == bytes_view(old).first(size)) (void)copy_contents(i, n);
    }
    return true;
  }
  constexpr bool change_text(std::int32_t i) {
    const std::span<std::uint8_t> c = tree_.contents(i);
    switch (below(8)) {
      case 0: {  // another case, which is another name (RFC 4120 section 6.1)
        if (c.empty()) return set_text(i, "a");
        std::uint8_t& o = c[below(c.size())];
        o = static_cast<std::uint8_t>(o ^ 0x20);
        return true;
      }
      case 1: return tree_.set_size(i, 0);
      case 2: {
        constexpr std::uint8_t special[] = {0, '/', '@', '\\', '.', ' ', '\n', 0x7f, 0x80, 0xff, 'x'};
        const std::uint8_t one[] = {any_of(special)};
        return tree_.replace(i, tree_[i].body + below(c.size() + 1), 0, one);
      }
      case 3: return c.empty() ? set_text(i, "/") : tree_.replace(i, tree_[i].end - 1, 1, 0);
      case 4: {
        constexpr std::string_view known[] = {
            "krbtgt",    "kadmin", "changepw", "WELLKNOWN",   "ANONYMOUS",           "host", "HTTP",
            "localhost", ".",      "..",       "EXAMPLE.COM", "WELLKNOWN:ANONYMOUS", "*"};
        return set_text(i, any_of(known));
      }
      case 5: {
        std::array<std::uint8_t, 257> letters{};
        for (std::uint8_t& o : letters) o = 'A';
        return tree_.set_contents(i, bytes_view(letters).first(255 + below(3)));
      }
      default: {  // the text of another name
        const std::int32_t from = pick([&](std::int32_t n) { return n != i && is_text(n); });
        return from < 0 ? set_text(i, "other") : copy_contents(from, i);
      }
    }
  }
  constexpr bool change_enumeration() {
    const std::int32_t i = pick([&](std::int32_t n) { return tree_[n].holds == content::number && tree_[n].is_named; });
    if (i < 0) return false;
    const std::string_view field = tree_[i].field;
    const std::int64_t was = tree_[i].number;
    std::int64_t now = was;
    constexpr std::int32_t etypes[] = {17, 18, 19, 20, 16, 23, 24, 25, 26, 1, 3, 0, -1, -128, 65};
    if ((field == "etype" || field == "keytype") && below(4) != 0) {
      now = any_of(etypes);
    } else if (const std::int32_t from = pick([&](std::int32_t n) { return n != i && field == tree_[n].field; });
               from >= 0 && below(2) == 0) {
      now = tree_[from].number;
    } else {
      now = static_cast<std::int64_t>(below(4) != 0 ? below(32) : below(256)) - (below(8) == 0 ? 256 : 0);
    }
    return set_number(i, now == was ? was + 1 : now);
  }
  constexpr bool change_payload() {
    const auto has_encoding = [&](std::int32_t n) { return tree_[n].holds == content::nested || is_sealed(n); };
    const std::int32_t i = pick(has_encoding);
    if (i < 0) return false;
    constexpr std::uint8_t null[] = {0x05, 0x00}, nothing[] = {0x30, 0x00}, zero[] = {0x00},
                           endless[] = {0x30, 0x80, 0x30, 0x80};
    const std::size_t size = inner_end(i) - inner_begin(i);
    switch (below(8)) {
      case 0: return set_inner(i, {});
      case 1: return set_inner(i, null);
      case 2: return set_inner(i, nothing);
      case 3: return set_inner(i, endless);
      case 4: return tree_.replace(i, inner_end(i), 0, zero);
      case 5: {
        const std::size_t cut = 1 + below(size);
        return size == 0 ? set_inner(i, zero) : tree_.replace(i, inner_end(i) - cut, cut, 0);
      }
      case 6: {  // twice
        if (size == 0) return set_inner(i, nothing);
        const std::size_t at = inner_end(i);
        if (!tree_.replace(i, at, 0, size)) return false;
        std::uint8_t* const copy = tree_.octets().data() + inner_end(i) - size;
        kerb::detail::copy_octets(copy - size, size, copy);
        return true;
      }
      default: {  // another message, with its tag
        const std::int32_t from = pick([&](std::int32_t n) { return disjoint(n, i) && is_container(n); });
        if (from < 0) return set_inner(i, nothing);
        const std::size_t n = tree_[from].end - tree_[from].begin;
        if (!tree_.replace(i, inner_begin(i), size, n)) return false;
        kerb::detail::copy_octets(tree_.octets().data() + tree_[from].begin, n, tree_.octets().data() + inner_begin(i));
        return true;
      }
    }
  }
  constexpr bool disjoint(std::int32_t a, std::int32_t b) const {
    return a != b && (tree_[a].end <= tree_[b].begin || tree_[b].end <= tree_[a].begin);
  }
  constexpr bool copy_contents(std::int32_t from, std::int32_t to) {
    const std::size_t n = tree_[from].end - tree_[from].body;
    if (!disjoint(from, to) || !tree_.set_size(to, n)) return false;
    kerb::detail::copy_octets(tree_.contents(from).data(), n, tree_.contents(to).data());
    return true;
  }
  constexpr bool graft() {
    for (int tries = 0; tries != 4; ++tries) {
      const std::int32_t to = pick([&](std::int32_t n) { return tree_[n].parent >= 0; });
      if (to < 0) return false;
      const std::string_view type = tree_[to].type;
      const std::int32_t from = pick([&](std::int32_t n) {
        return tree_[n].type == type && disjoint(n, to) &&
               bytes_view(tree_.contents(n)) != bytes_view(tree_.contents(to));
      });
      if (from >= 0) return copy_contents(from, to);
    }
    return false;
  }
  constexpr bool change_octet() {
    const std::int32_t i = pick([&](std::int32_t n) { return is_primitive(n) && tree_[n].end > tree_[n].body; });
    if (i < 0) return false;
    flip(tree_.contents(i));
    return true;
  }
  constexpr bool truncate() {
    if (tree_.size() == 0) return false;
    cut_ = below(tree_.size());
    return true;
  }
  constexpr bool spoil() {
    spoils_ = pick([&](std::int32_t n) { return tree_[n].key >= 0 && tree_[n].end > tree_[n].body; });
    return spoils_ >= 0;
  }

  /// The octets that a checksum protects: those of a part without the field's own tag.
  constexpr bytes_view covered_octets(std::int32_t i) const {
    const der_tree::headers h = tree_.headers_of(i);
    const bytes_view whole = tree_.whole(i);
    const bool has_own_tag = h.count > 1 && (whole[0] & 0xe0) == 0xa0;
    return has_own_tag ? whole.subview(h.of[1].tag - tree_[i].begin) : whole;
  }
  /// Finds what each true checksum protects.
  constexpr void find_covers() {
    for (std::int32_t i = 1; i < count(); ++i) {
      const std::int32_t p = tree_[i].parent;
      if (tree_[i].field != std::string_view("checksum") || p < 0 || tree_[p].type != std::string_view("Checksum"))
        continue;
      if (tree_[p].parent < 0 || tree_[i].end - tree_[i].body != seal_back) continue;
      const std::string_view owner = tree_[tree_[p].parent].type;
      for (const mutation_cover& c : options_.covers)
        if (c.owner == owner && tree_[i].covers < 0) try_cover(i, c);
    }
  }
  constexpr void try_cover(std::int32_t i, const mutation_cover& c) {
    std::size_t tried = 0;
    for (std::int32_t n = 0; n != count() && tried != max_covered; ++n) {
      if (tree_[n].type != c.covered && tree_[n].field != c.covered) continue;
      ++tried;
      for (std::size_t k = 0; k != key_count_; ++k) {
        std::array<std::uint8_t, seal_back> is{};
        if (!sign(k, c.usage, n, is) || bytes_view(is) != bytes_view(tree_.contents(i))) continue;
        tree_[i].covers = n, tree_[i].key = static_cast<std::int8_t>(k);
        tree_[i].usage = static_cast<std::int32_t>(c.usage);
        return;
      }
    }
  }
  constexpr bool sign(std::size_t k, key_usage_t usage, std::int32_t covered, std::span<std::uint8_t> out) {
    const auto imported = import(k);
    if (!imported) return false;
    const auto shape = policy_.cksum_of(keys_[k].etype);
    if (!shape) return false;
    if (tree_[covered].type == std::string_view("KRB-SAFE")) {  // the message without its checksum
      const auto without = asn1::with_replaced<&msg::KrbSafe::cksum>(tree_.whole(covered), {});
      if (!without) return false;
      const auto pieces = without->pieces();
      return policy_.sign(shape->type, *imported, usage, pieces, out) == errc::ok;
    }
    const bytes_view pieces[] = {covered_octets(covered)};
    return policy_.sign(shape->type, *imported, usage, pieces, out) == errc::ok;
  }
  /// Seals and signs from the innermost. A checksum may be under a seal and protect what is under
  /// another, so this is repeated until nothing changes.
  constexpr void seal_again() {
    for (std::size_t round = 0; round != max_rounds; ++round) {
      bool changed = false;
      for (std::int32_t i = count(); i-- != 0;) {
        const tree_node& n = tree_[i];
        if (!n.is_alive || n.key < 0) continue;
        const std::span<std::uint8_t> c = tree_.contents(i);
        const auto usage = static_cast<key_usage_t>(n.usage);
        if (n.covers >= 0) {
          std::array<std::uint8_t, seal_back> now{};
          if (c.size() != now.size() || !tree_[n.covers].is_alive) continue;
          if (!sign(static_cast<std::size_t>(n.key), usage, n.covers, now) || bytes_view(now) == bytes_view(c))
            continue;
          kerb::detail::copy_octets(now.data(), now.size(), c.data());
          changed = true;
        } else if (c.size() >= seal_front + seal_back) {
          const auto imported = import(static_cast<std::size_t>(n.key));
          if (!imported || policy_.opens(*imported, usage, c)) continue;
          changed = policy_.seal(*imported, usage, c) == errc::ok || changed;
        }
      }
      if (!changed) return;
    }
  }

  der_tree tree_;
  mutation_options options_;
  std::uint64_t random_;
  insecure_policy policy_;
  std::array<known_key, max_keys> keys_{};
  std::size_t key_count_ = 0;
  std::int32_t spoils_ = -1;
  std::size_t cut_ = static_cast<std::size_t>(-1);
};

/// Changes the message in the first `size` octets of `buffer`: an encoding of one of the types T, or
/// octets that were one. Empty octets become an empty message first. The result is never longer than
/// the buffer, depends only on the octets, the seed and the options, and is made in time linear in
/// the size, without allocation. Octets that are none of the types are changed TLV by TLV, and
/// octets that are no TLV are truncated.
///
/// What insecure_policy sealed under a key of the options, or under a key in what such a key opens,
/// is changed too, and sealed again. So a fuzzer gets past the cryptography. `contents` describes
/// OCTET STRINGs; for your own messages pass your own table (asn1/payload.hpp).
///
/// For libFuzzer:
///   extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max,
///                                                  unsigned seed) {
///     return kerb::testing::mutate<kerb::msg::ApReq>({data, max}, size, seed).size;
///   }
/// For AFL++, in a library for AFL_CUSTOM_MUTATOR_LIBRARY:
///   struct state { std::uint64_t seed; std::uint8_t buffer[1 << 16]; };
///   extern "C" void* afl_custom_init(void*, unsigned seed) { return new state{seed, {}}; }
///   extern "C" void afl_custom_deinit(void* s) { delete static_cast<state*>(s); }
///   extern "C" std::size_t afl_custom_fuzz(void* to, std::uint8_t* in, std::size_t size, std::uint8_t** out,
///                                          std::uint8_t*, std::size_t, std::size_t max) {
///     auto& s = *static_cast<state*>(to);
///     max = std::min(max, sizeof s.buffer), size = std::min(size, max);
///     std::memcpy(*out = s.buffer, in, size);
///     return kerb::testing::mutate<kerb::msg::ApReq>({s.buffer, max}, size, ++s.seed).size;
///   }
template <class... T, class Contents = msg::contents>
  requires(sizeof...(T) != 0)
constexpr mutated mutate(std::span<std::uint8_t> buffer, std::size_t size, std::uint64_t seed,
                         const mutation_options& options = {}, const Contents& contents = {}) {
  if (size > buffer.size()) size = buffer.size();
  if (size == 0) {
    const std::size_t chosen = static_cast<std::size_t>(seed % sizeof...(T));
    std::size_t n = 0;
    const auto begin = [&]<class M>(std::type_identity<M>) {
      if (n++ != chosen) return;
      const auto made = asn1::encode(M{}, buffer);
      if (!made) return;
      size = made->size();
      for (std::size_t i = 0; i != size; ++i) buffer[i] = (*made)[i];  // from the end of the buffer
    };
    (begin(std::type_identity<T>{}), ...);
  }
  mutator m(buffer, size, seed, options);
  const std::size_t reached[] = {m.look<T>(contents)...};
  std::size_t best = 0;
  for (std::size_t i = 1; i != sizeof...(T); ++i)
    if (reached[i] > reached[best]) best = i;
  if (best + 1 != sizeof...(T)) {  // the tree is that of the last
    std::size_t n = 0;
    (void)((n++ == best && (m.look<T>(contents), true)) || ...);
  }
  if (m.tree().count() < 3) m.look_without_schema();
  return m.run();
}

}  // namespace kerb::inline v0::testing
