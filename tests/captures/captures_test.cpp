// What MIT krb5 and Heimdal really send: read, written back, cut short and changed in every place.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "captures/messages.hpp"
#include "support/alloc_count.hpp"
#include "support/catch.hpp"

using namespace kerb;
using namespace kerb_test;

namespace {

using lines = std::vector<std::string>;
using counts = std::map<std::string, int>;
lines listed(const counts& c) {
  lines out;
  for (const auto& [what, n] : c) out.push_back(what + ": " + std::to_string(n));
  return out;
}

std::array<std::uint8_t, 1 << 14> scratch;

// ---- as they came

struct inside_listener final : view_listener {
  explicit inside_listener(bytes_view whole) : in(whole) {}
  void view(bytes_view part, bool) override {
    good = good && part.size() <= in.size() && part.data() >= in.data() && part.end() <= in.end();
  }
  bytes_view in;
  bool good = true;
};

const capture_walk& captures() {
  static const capture_walk walk = [] {
    capture_walk w;
    w.all();
    return w;
  }();
  return walk;
}

TEST_CASE("captures: every message and what is in it is read under its type and written as it came",
          "[captures][msg]") {
  const capture_walk& walk = captures();
  counts types, not_strict, not_same;
  lines wrong;
  for (const captured_item& item : walk.items) {
    ++types[item.type];
    const bytes_view in(item.octets);
    inside_listener views(in);
    const found strict = item.examine(in, der::strict, views, scratch);
    const found f = item.examine(in, der::as_deployed, views, scratch);
    if (!strict.taken) ++not_strict[item.type + " " + std::string(name_of(strict.why.code)) + " " + strict.why.field];
    if (!f.taken) continue;  // in not_decoded
    if (!f.in_order || !f.modes_agree || !views.good || f.written.size() != item.encoded_size)
      wrong.push_back(item.where);
    else if (!(f.written == in)) ++not_same[item.type + (strict.taken ? "" : ", read by a tolerance")];
  }
  CHECK(walk.messages == 524);
  CHECK(walk.frames == 10);
  CHECK(walk.plaintexts == 517);
  CHECK(wrong == lines{});
  CHECK(walk.not_decoded == lines{});
  // what has no schema: a PAC and MIT's signature of a ticket; salts, cookies and freshness tokens; MIT's cookie holds
  // the KDC's own state where a message has a PA-SPAKE
  CHECK(listed(walk.opaque) == lines{"authorization data 128: 61", "authorization data 512: 18", "padata 133: 99",
                                     "padata 150: 29", "padata 3: 18", "padata in MIT's cookie: 11"});
  // Heimdal's client writes half of its nonces with a sign, and its KDC writes them back so (TOLERANCES.md)
  CHECK(listed(not_strict) == lines{"EncTGSRepPart bad_integer nonce: 7", "TGS-REQ bad_integer nonce: 11"});
  // MIT's KDC writes APPLICATION 26 in AS replies too, and we write 25; the nonces with a sign are written as they came
  CHECK(listed(not_same) == lines{"EncASRepPart: 53"});
  // each different encoding of a type once
  CHECK(listed(types) == lines{"AD-AUTHENTICATION-INDICATOR: 3",
                               "AD-CAMMAC: 17",
                               "AP-REP: 5",
                               "AP-REQ: 75",
                               "AS-REP: 85",
                               "AS-REQ: 194",
                               "Authenticator: 75",
                               "AuthorizationData: 96",
                               "ChangePasswdData: 1",
                               "Checksum: 79",

                               "ETYPE-INFO: 2",
                               "ETYPE-INFO2: 36",
                               "EncAPRepPart: 5",
                               "EncASRepPart: 79",
                               "EncKrbPrivPart: 9",
                               "EncTGSRepPart: 47",
                               "EncTicketPart: 133",
                               "EncryptedData: 67",
                               "EncryptionKey: 2",
                               "KERB-PA-PAC-REQUEST: 1",
                               "KRB-ERROR: 140",
                               "KRB-PRIV: 10",
                               "KrbFastReq: 52",
                               "KrbFastResponse: 45",
                               "METHOD-DATA: 66",
                               "PA-ENC-TS-ENC: 58",
                               "PA-FOR-USER: 3",
                               "PA-FX-FAST-REPLY: 49",
                               "PA-FX-FAST-REQUEST: 56",
                               "PA-PAC-OPTIONS: 1",
                               "PA-PK-AS-REP: 11",
                               "PA-PK-AS-REQ: 12",
                               "PA-S4U-X509-USER: 3",
                               "PA-SPAKE: 27",
                               "SPAKESecondFactor: 1",
                               "SecureCookie: 11",
                               "TGS-REP: 47",
                               "TGS-REQ: 62"});
}

// ---- cut short and changed

struct totals {
  std::uint64_t octets = 0, every_value = 0, like_another = 0, opaque = 0, decodes = 0, taken = 0, by_tolerance = 0;
};

/// Whether a decoder did what it may: refused, with a reason that lies in the input; or took it, then every view lies
/// in the input too and writing it gives the same octets, or one of the differences that TOLERANCES.md names.
bool behaves(const captured_item& item, bytes_view in, totals& t) {
  ++t.decodes;
  inside_listener views(in);
  const found f = item.examine(in, der::as_deployed, views, scratch);
  if (!f.modes_agree) return false;
  if (!f.taken) return is_malformed(f.why.code) && f.why.offset <= in.size() && f.why.type[0] != '\0';
  ++t.taken;
  if (!views.good || !f.in_order) return false;
  if (f.written == in) return true;
  ++t.by_tolerance;
  // APPLICATION 26 where 25 is written, and the other way round
  const bool other_tag =
      (item.type == "EncASRepPart" && in[0] == 0x7a) || (item.type == "EncTGSRepPart" && in[0] == 0x79);
  if (other_tag && f.written.size() == in.size() && f.written.subview(1) == in.subview(1)) { return true; }
  // a number or flags that strict rules refuse; what is written instead they take, unless the message has a nonce with
  // a sign besides, which is written as it came
  static std::array<std::uint8_t, sizeof scratch> other;
  inside_listener written(f.written);
  const bool was_strict = item.examine(item.octets, der::strict, views, other).taken;
  return !item.examine(in, der::strict, views, other).taken &&
         item.examine(f.written, was_strict ? der::strict : der::as_deployed, written, other).taken && written.good;
}

/// What an octet is: part of a header; of a number, a time or flags; or nothing that the decoder has any business with,
/// that is in an OCTET STRING or a text.
enum class role : std::uint8_t { header, value, opaque };
struct role_listener final : view_listener {
  explicit role_listener(bytes_view whole) : in(whole), roles(whole.size(), role::header) { values(whole); }
  void view(bytes_view part, bool opaque) override {
    if (opaque) mark(part, role::opaque);
  }
  void mark(bytes_view part, role r) {
    const auto from = roles.begin() + (part.data() - in.data());
    std::fill(from, from + static_cast<std::ptrdiff_t>(part.size()), r);
  }
  void values(bytes_view encodings) {
    der::source s{.origin = in.data()};
    for (der::reader r(encodings, s); r.ok() && !r.at_end();) {
      const der::tag t{*r.mark()};
      const bytes_view contents = r.contents(t, {});
      if ((t.octet & 0x20) != 0) values(contents);
      else mark(contents, role::value);
    }
  }
  bytes_view in;
  std::vector<role> roles;
};

/// What a decoder found, written again, but for the octets it has no business with.
octets_t shape(const captured_item& item, bytes_view in) {
  inside_listener ignored(in);
  const found f = item.examine(in, der::as_deployed, ignored, scratch);
  octets_t o(f.written.begin(), f.written.end());
  role_listener r(o);
  static std::array<std::uint8_t, sizeof scratch> other;
  (void)item.examine(o, der::as_deployed, r, other);
  for (std::size_t i = 0; i != o.size(); ++i)
    if (r.roles[i] == role::opaque) o[i] = 0;
  return o;
}

TEST_CASE("captures: cut short or with any octet changed a message is refused or read within its octets",
          "[captures][msg][security]") {
  totals t;
  lines wrong;
  std::size_t allocated = 0;
  std::set<std::pair<std::string, octets_t>> structures;
  for (const captured_item& item : captures().items) {
    const std::size_t size = item.octets.size();
    t.octets += size;
    bool good = true;
    // Each is judged where a sanitizer sees who looks behind its last octet
    for (std::size_t n = 0; n != size; ++n) {
      const std::unique_ptr<std::uint8_t[]> cut(new std::uint8_t[n]);
      std::copy_n(item.octets.begin(), n, cut.get());
      const std::size_t before = allocations();
      const std::uint64_t taken = t.taken;
      good = good && behaves(item, {cut.get(), n}, t) && t.taken == taken;
      allocated += allocations() - before;
    }
    const std::unique_ptr<std::uint8_t[]> changed(new std::uint8_t[size]);
    std::copy(item.octets.begin(), item.octets.end(), changed.get());
    const bytes_view in(changed.get(), size);
    role_listener r(in);
    (void)item.examine(in, der::as_deployed, r, scratch);
    octets_t headers = item.octets;
    for (std::size_t i = 0; i != size; ++i)
      if (r.roles[i] != role::header) headers[i] = 0;
    const bool is_new = structures.insert({item.type, headers}).second;
    const std::size_t before = allocations();
    for (std::size_t at = 0; at != size; ++at) {
      // Every value of a header's octet in every message. Of an octet in a number, a time or flags, which is read by
      // itself alone, every value in the first message of a structure, and three in the others. Of an octet that the
      // decoder does not look at one; that it does not is shown below, with all of them at once.
      const bool is_opaque = r.roles[at] == role::opaque, is_known = r.roles[at] == role::value && !is_new;
      const unsigned step = is_opaque ? 255 : is_known ? 85 : 1;
      for (unsigned x = step; x < 256; x += step) {
        changed[at] = static_cast<std::uint8_t>(item.octets[at] ^ x);
        good = good && behaves(item, in, t);
      }
      ++(is_opaque ? t.opaque : is_known ? t.like_another : t.every_value);
      changed[at] = item.octets[at];
    }
    allocated += allocations() - before;
    // Whatever stands in opaque octets, the decoder finds the same
    const octets_t wanted = shape(item, in);
    good = good && !wanted.empty();
    for (unsigned x : {0x00u, 0x01u, 0x30u, 0x80u, 0xa0u, 0xffu}) {
      for (std::size_t i = 0; i != size; ++i)
        if (r.roles[i] == role::opaque) changed[i] = static_cast<std::uint8_t>(x);
      good = good && shape(item, in) == wanted;
    }
    if (!good) wrong.push_back(item.where + ": " + item.type);
  }
  CHECK(wrong == lines{});
  CHECK(t.octets == t.every_value + t.like_another + t.opaque);
  CHECK(t.decodes > 25000000);
  CHECK((!counting() || allocated == 0));
  std::printf(
      "%zu encodings of %zu structures, %llu octets: %llu with every value, %llu with three, %llu with one; "
      "%llu decodes, %llu taken, %llu not written as they came\n",
      captures().items.size(), structures.size(), static_cast<unsigned long long>(t.octets),
      static_cast<unsigned long long>(t.every_value), static_cast<unsigned long long>(t.like_another),
      static_cast<unsigned long long>(t.opaque), static_cast<unsigned long long>(t.decodes),
      static_cast<unsigned long long>(t.taken), static_cast<unsigned long long>(t.by_tolerance));
}

TEST_CASE("captures: kpasswd frames are written as they came and refused when they are cut short",
          "[captures][msg][rfc3244-2]") {
  int faults = 0;
  for (const octets_t& o : captures().frame_octets) {
    const auto f = read_kpasswd_frame(o);
    REQUIRE(f);
    const auto out = write_kpasswd_frame(*f, scratch);
    REQUIRE(out);
    CHECK(*out == bytes_view(o));
    for (std::size_t n = 0; n != o.size(); ++n) {
      const octets_t cut(o.begin(), o.begin() + static_cast<std::ptrdiff_t>(n));
      faults += read_kpasswd_frame(cut).has_value();
    }
  }
  CHECK(faults == 0);
}

}  // namespace
