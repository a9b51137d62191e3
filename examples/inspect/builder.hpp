// The visitor that turns what describe() shows into items, and shows what is not ASN.1.
#pragma once
#include <kerb/messages.hpp>
#include <kerb/msg/contents.hpp>

#include <functional>

#include "keyring.hpp"
#include "print.hpp"

namespace inspect {

using kerb::bytes_view;
using kerb::asn1::content;

inline octets copied(bytes_view v) { return octets(v.begin(), v.end()); }
inline std::uint32_t u32(std::size_t n) { return static_cast<std::uint32_t>(n); }

/// Where items go: the document, and the context of the current octets.
struct place {
  document& doc;
  keyring& keys;
  bool secrets = false;
  std::size_t depth = 0;
  std::uint32_t offset = 0;
  bool in_plaintext = false;
  std::uint16_t kpasswd = 0;  ///< the version, inside a kpasswd frame
  bool reply = false;
  bool placed = true;
  unsigned nesting = 0;  ///< how many tokens enclose it

  place below(std::size_t by, std::size_t levels = 1) const {
    place p = *this;
    p.depth += levels;
    p.offset += u32(by);
    return p;
  }
  /// Adds an item for octets without a schema; `at` counts from this place.
  item& line(std::string field, std::string type, content holds, std::size_t at, std::size_t size,
             std::int64_t number = 0) const {
    item i;
    i.depth = depth;
    i.field = std::move(field);
    i.type = std::move(type);
    i.holds = holds;
    i.offset = offset + u32(at);
    i.size = u32(size);
    i.number = number;
    i.in_plaintext = in_plaintext;
    i.placed = placed;
    return doc.items.emplace_back(std::move(i));
  }
  item& number(std::string field, bytes_view in, std::size_t at, std::size_t size, bool little = false) const {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i != size; ++i) v = v << 8 | in[little ? at + size - 1 - i : at + i];
    return line(std::move(field), "UInt" + std::to_string(size * 8), content::number, at, size,
                static_cast<std::int64_t>(v));
  }
  item& bytes(std::string field, bytes_view in, std::size_t at, std::size_t size,
              content holds = content::octets) const {
    item& i = line(std::move(field), holds == content::text ? "text" : "octets", holds, at, size);
    i.contents = copied(in.subview(at, size));
    return i;
  }
  void fail(kerb::errc code, std::size_t at, const char* type, const char* field) const {
    if (doc.fault.ok()) doc.fault = {.code = code, .offset = offset + u32(at), .type = type, .field = field};
  }
};

/// The size of the encoding according to its header, header included; 0 if the header is unusable or the size is too
/// large.
inline std::size_t announced(bytes_view in) {
  if (in.size() < 2) return 0;
  if (in[1] < 0x80) return 2u + in[1];
  const std::size_t n = in[1] & 0x7f;
  if (n == 0 || n > 3 || in.size() < 2 + n) return 0;
  std::size_t size = 0;
  for (std::size_t i = 0; i != n; ++i) size = size << 8 | in[2 + i];
  return size < 0x20000 ? 2 + n + size : 0;
}

void show_gss(bytes_view in, const place& at);

template <bool Secrets>
class builder {
 public:
  static constexpr std::conditional_t<Secrets, kerb::asn1::reveal, std::nullptr_t> secrets{};

  explicit builder(const place& at) : at_(at) {}

  void operator()(const kerb::asn1::node& n) {
    item i;
    i.depth = at_.depth + n.depth;
    i.field = n.field;
    if (n.index != n.no_index) i.index = n.index;
    i.type = n.type;
    i.element = n.element;
    for (const auto* up = &n; up->depth != 0; up = up->parent)
      if (up->parent->holds == content::sealed) i.in_plaintext = true;
    i.offset = n.offset + (i.in_plaintext ? 0 : at_.offset);
    i.in_plaintext = i.in_plaintext || at_.in_plaintext;
    i.header = u32(n.header.size());
    i.size = n.size;
    i.holds = n.holds;
    i.number = n.number;
    i.name = n.name;
    for (unsigned b = 0; n.holds == content::flags && b != 32; ++b) {
      if ((static_cast<std::uint64_t>(n.number) & 0x80000000u >> b) == 0) continue;
      const std::string_view name = n.bit_name(b);
      i.bits.push_back(name.empty() ? "bit " + std::to_string(b) : std::string(name));
    }
    i.contents = copied(n.contents);
    i.note = n.note;
    if (n.holds == content::sealed) {
      i.remark = std::exchange(remark_, {});
      i.key = std::exchange(key_, item::no_key);
    }
    const std::size_t mine = at_.doc.items.size();
    at_.doc.items.push_back(std::move(i));
    look_into(n, mine);
  }
  bytes_view unseal(const kerb::asn1::node& n, const kerb::asn1::seal& s) {
    if (at_.keys.empty()) return {};
    auto opened = at_.keys.open(s, n.contents);
    remark_ = opened.how;
    key_ = opened.key;
    // Triple DES pads; the message itself has the size of the rest
    const std::size_t pads = at_.keys.block(static_cast<kerb::etype_t>(s.etype)), size = announced(opened.octets);
    const bool padded = pads > 1 && size <= opened.octets.size() && opened.octets.size() - size < pads;
    return padded && size != 0 ? opened.octets.first(size) : opened.octets;
  }

 private:
  /// Shows content for which asn1::describe() has no schema.
  void look_into(const kerb::asn1::node& n, std::size_t mine) {
    const std::string_view field = n.field;
    item& i = at_.doc.items[mine];
    if (field == "cksumtype") cksumtype_ = n.number;
    place inside = at_;
    inside.depth = i.depth + 1;
    inside.in_plaintext = i.in_plaintext;
    inside.offset = i.offset + i.header;
    if (field == "checksum" && cksumtype_ == 0x8003 && n.contents.size() >= 24) {
      i.holds = content::nested;  // no octets, because a KRB-CRED in it may have unsealed keys
      i.contents.clear();
      return gss_checksum(n.contents, mine, inside);
    }
    if ((field == "mechToken" || field == "responseToken" || field == "mechListMIC") && !n.contents.empty() &&
        inside.nesting++ != kerb::asn1::max_nesting) {
      i.holds = content::nested;
      i.contents.clear();
      return show_gss(n.contents, inside);
    }
    if (field == "signedAuthPack" || field == "dhSignedData") signed_data(n.contents, mine, inside);
    if (field == "user-data" && at_.kpasswd != 0) kpasswd_data(n.contents, mine, inside);
  }
  /// RFC 4121 section 4.1.1
  void gss_checksum(bytes_view in, std::size_t mine, const place& inside) {
    inside.number("Lgth", in, 0, 4, true);
    const octets none(16);
    if (inside.bytes("Bnd", in, 4, 16).contents == none) at_.doc.items.back().name = "no channel bindings";
    item& f = inside.number("Flags", in, 20, 4, true);
    for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
      if ((static_cast<std::uint32_t>(f.number) & bit) == 0) continue;
      std::string_view name = name_of(static_cast<kerb::gss_flag_t>(bit));
      if (bit == 0x80) name = "GSS_C_PROT_READY_FLAG";  // MIT krb5 sends these two, which only tell about a context
      if (bit == 0x100) name = "GSS_C_TRANS_FLAG";
      f.bits.push_back(name.empty() ? format("0x%llx", bit) : std::string(name));
    }
    const auto parts = kerb::read_gss_checksum(in);
    if (!parts) {
      kerb::error why = parts.error();
      why.offset += inside.offset;
      at_.doc.items[mine].note = why;
      return;
    }
    if (parts->deleg) {
      inside.number("DlgOpt", in, 24, 2, true);
      inside.number("Dlgth", in, 26, 2, true);
      const kerb::error why = kerb::asn1::describe<kerb::msg::KrbCred>(*parts->deleg, builder(inside.below(28, 0)),
                                                                       kerb::der::as_deployed, kerb::msg::contents{});
      if (!why.ok()) at_.doc.items.back().note = why;
    }
    if (!parts->exts.empty()) inside.bytes("Exts", in, in.size() - parts->exts.size(), parts->exts.size());
  }
  /// Shows the signed content of a CMS SignedData (RFC 5652) of PKINIT; certificates and signatures stay octets.
  void signed_data(bytes_view in, std::size_t mine, const place& inside) {
    using namespace kerb;
    constexpr der::place p{"SignedData", ""};
    constexpr der::tag set{0x31};
    der::source s{.origin = in.data()};
    der::reader r(in, s);
    der::reader info = r.open(der::sequence, p);
    info.skip(p);
    der::reader data = info.open(der::context(0), p).open(der::sequence, p);
    data.skip(p);
    (void)data.contents(set, p);
    der::reader encapsulated = data.open(der::sequence, p);
    object_identifier type;
    if (!asn1::read(encapsulated, type, p)) return;
    const bytes_view content = encapsulated.open(der::context(0), p).contents(der::octet_string, p);
    if (!s.why.ok()) return;
    const auto at = static_cast<std::size_t>(content.data() - in.data());
    document apart;
    const place to{apart, at_.keys, Secrets, inside.depth, inside.offset + u32(at), inside.in_plaintext};
    if (type == msg::id_pkinit_auth_data) {
      (void)asn1::describe<msg::AuthPack>(content, builder(to), der::as_deployed, msg::contents{});
    } else if (type == msg::id_pkinit_dh_key_data) {
      (void)asn1::describe<msg::KdcDhKeyInfo>(content, builder(to), der::as_deployed, msg::contents{});
    }
    if (apart.items.empty()) return;
    at_.doc.items[mine].remark = "CMS; below is what it signs";
    for (item& i : apart.items) at_.doc.items.push_back(std::move(i));
  }
  /// RFC 3244 section 2
  void kpasswd_data(bytes_view in, std::size_t mine, const place& inside) {
    if (at_.reply) {
      if (const auto said = kerb::read_kpasswd_result(in)) {
        at_.doc.items[mine].holds = content::nested;
        inside.number("result code", in, 0, 2).name = name_of(said->code);
        inside.bytes("result string", in, 2, in.size() - 2, content::text);
      }
      return;
    }
    at_.doc.items[mine].contents.clear();
    if (at_.kpasswd == kerb::kpasswd_frame::set_version) {
      at_.doc.items[mine].holds = content::nested;
      const kerb::error why = kerb::asn1::describe<kerb::msg::ChangePasswdData>(in, builder(inside));
      at_.doc.items[mine].note = why;
      return;
    }
    at_.doc.items[mine].holds = Secrets ? content::text : content::withheld;  // these octets are the new password
    if (Secrets) at_.doc.items[mine].contents = copied(in);
  }

  place at_;
  std::string remark_;
  std::size_t key_ = item::no_key;
  std::int64_t cksumtype_ = 0;
};

/// Shows all of `in` as a T. If it is cut off, the available part is shown, which is not reliable.
template <class T>
void show(const char* name, bytes_view in, const place& at, kerb::msg::contents c = {}) {
  const auto run = [&](auto b, bytes_view all) {
    return kerb::asn1::describe_as<T>(name, all, b, kerb::der::as_deployed, c);
  };
  const auto both = [&](const place& to, bytes_view all) {
    return to.secrets ? run(builder<true>(to), all) : run(builder<false>(to), all);
  };
  if (at.doc.name.empty()) at.doc.name = name;
  // a KRB-CRED may be unsealed
  constexpr bool may_have_keys = kerb::asn1::detail::holds_secrets<T> || std::same_as<T, kerb::msg::KrbCred>;
  at.doc.guarded = at.doc.guarded || (may_have_keys && !at.secrets);
  kerb::error why = both(at, in);
  if (why.code == kerb::errc::truncated && why.offset == 0 && announced(in) > in.size()) {
    octets padded = copied(in);
    padded.resize(announced(in));
    document apart;
    place to{apart, at.keys, at.secrets, at.depth, 0, at.in_plaintext, at.kpasswd, at.reply, true, at.nesting};
    (void)both(to, padded);
    for (item& i : apart.items) {
      const bool has_contents =
          i.holds != content::fields && i.holds != content::elements && i.holds != content::nested;
      if (i.offset + i.header + (has_contents ? i.size : 0) > in.size()) break;
      i.offset += i.in_plaintext ? 0 : at.offset;
      at.doc.items.push_back(std::move(i));
    }
    why.offset = u32(in.size());
  }
  if (why.ok() || !at.doc.fault.ok()) return;
  why.offset += at.offset;
  at.doc.fault = why;
}

}  // namespace inspect
