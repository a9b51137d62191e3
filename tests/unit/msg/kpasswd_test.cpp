// Changing and setting passwords.
#include <kerb/msg/ap.hpp>
#include <kerb/msg/kpasswd.hpp>
#include <kerb/msg/priv.hpp>

#include "support/must.hpp"
#include "unit/msg/walk.hpp"
#include "unit/numbers/registry.hpp"
#include "vectors.hpp"

using namespace kerb;
using kerb_test::both_ways;
using kerb_test::every_field_is_named;
using kerb_test::field_line;

namespace {

constexpr std::array<std::uint8_t, 2> ab{0xaa, 0xbb};
constexpr std::array<kerberos_string, 1> u{"u"_krb};
constexpr msg::PrincipalName user{name_t::principal, u};
constexpr bool is_text(bytes_view octets, std::string_view text) { return kerberos_string{octets} == text; }

constexpr bool data() {
  const auto least = "3006a00404027077"_hex;
  const auto full = "301ba00404027077a10e300ca003020101a10530031b0175a2031b0152"_hex;
  const auto later = "300ba00404027077a303020101"_hex;
  constexpr std::array<std::uint8_t, 2> pw{'p', 'w'};
  constexpr field_line lines[] = {{0, "newpasswd", true}, {1, "targname", false}, {2, "targrealm", false}};
  const auto l = asn1::decode<msg::ChangePasswdData>(later, der::strict);
  return both_ways(msg::ChangePasswdData{pw, {}, {}, {}}, least) &&
         both_ways(msg::ChangePasswdData{pw, user, "R"_krb, {}}, full) &&
         every_field_is_named<msg::ChangePasswdData>(full, 0, "ChangePasswdData", lines) && l && both_ways(*l, later);
}
KERB_BOTH("ChangePasswdData: comes back; what follows targrealm is passed over", "[msg][rfc3244-2]", data);

constexpr bool frames() {
  const auto in = "000b ff80 0002 aabb 010203"_hex;
  const auto error_reply = "0008 0001 0000 aabb"_hex;
  const auto f = read_kpasswd_frame(in), e = read_kpasswd_frame(error_reply);
  std::array<std::uint8_t, 20> buffer{};
  const auto out = write_kpasswd_frame(*f, buffer);
  return f && f->version == kpasswd_frame::set_version && f->ap == bytes_view(ab) && f->message.size() == 3 && e &&
         e->version == kpasswd_frame::change_version && e->ap.empty() && e->message == bytes_view(ab) && out &&
         *out == bytes_view(in) && out->end() == buffer.data() + buffer.size();
}
KERB_BOTH("kpasswd frame: six octets, the AP message, and the rest", "[msg][rfc3244-2]", frames);

constexpr bool fails(bytes_view in, errc code, std::size_t offset) {
  const auto r = read_kpasswd_frame(in);
  return !r && r.error().code == code && r.error().offset == offset && std::string_view(r.error().type) == "kpasswd";
}
constexpr bool frame_faults() {
  const auto short_one = "0005 ff80 00"_hex;
  const auto cut = "000c ff80 0002 aabb 010203"_hex;
  const auto more = "000a ff80 0002 aabb 010203"_hex;
  const auto beyond = "000b ff80 0006 aabb 010203"_hex;
  std::array<std::uint8_t, 10> buffer{};
  const auto out = write_kpasswd_frame({1, ab, ab}, std::span(buffer).first(9));
  const auto huge = write_kpasswd_frame({1, {}, {ab.data(), 65530}}, buffer);  // never looked at: the size decides
  return fails({}, errc::truncated, 0) && fails(short_one, errc::truncated, 0) && fails(cut, errc::truncated, 0) &&
         fails(more, errc::trailing_data, 10) && fails(beyond, errc::truncated, 4) && !out &&
         out.error().code == errc::no_space && out.error().detail == 10 && !huge &&
         huge.error().code == errc::input_too_large;
}
KERB_BOTH("kpasswd frame: lengths that do not agree are refused", "[msg][rfc3244-2]", frame_faults);

constexpr bool results() {
  const auto in = "0004 6e6f"_hex;
  const auto bare = "ffff"_hex;
  const auto none = "00"_hex;
  const auto r = read_kpasswd_result(in), b = read_kpasswd_result(bare), n = read_kpasswd_result(none);
  return r && r->code == kpasswd_result_t::softerror && is_text(r->text, "no") && b && b->text.empty() &&
         b->code == kpasswd_result_t::other && name_of(b->code).empty() &&
         name_of(r->code) == "KRB5_KPASSWD_SOFTERROR" && !n && n.error().code == errc::truncated;
}
KERB_BOTH("kpasswd result: a code, and a text that may be empty", "[msg][rfc3244-2]", results);

constexpr bool texts_of_others() {
  for (const auto& v : kerb_test::kpasswd_text_vectors) {
    const auto policy = read_kpasswd_policy(v.octets);
    if (policy.has_value() != (v.is_policy == 1) || !is_text(kpasswd_text(v.octets).octets, v.shown)) return false;
    if (policy && (policy->min_length != v.min_length || policy->history != v.history ||
                   policy->properties != v.properties || policy->max_age != static_cast<std::uint64_t>(v.max_age) ||
                   policy->min_age != static_cast<std::uint64_t>(v.min_age)))
      return false;
  }
  return true;
}
KERB_BOTH("kpasswd result: texts and policies of Active Directory, as MIT krb5 reads them", "[msg][rfc3244-2]",
          texts_of_others);

constexpr bool codes() {
  for (const auto& v : kerb_test::kpasswd_code_vectors) {
    const auto r = read_kpasswd_result(v.octets);
    if (!r || static_cast<std::int64_t>(r->code) != v.code || name_of(r->code) != v.name || !r->text.empty())
      return false;
  }
  return true;
}
KERB_BOTH("kpasswd result: the codes of RFC 3244", "[msg][rfc3244-2]", codes);

constexpr bool policy_edges() {
  std::array<std::uint8_t, 31> octets{};
  for (std::uint8_t& o : octets) o = 0xff;
  octets[0] = octets[1] = 0;
  const bytes_view all(octets);
  const auto p = kerb_test::must(read_kpasswd_policy(all.first(30)));
  const auto first = "01"_hex;
  const auto second = "0001"_hex;
  std::array<std::uint8_t, 30> not_zero{};
  not_zero[1] = 1;
  std::array<std::uint8_t, 30> not_zero_either{};
  not_zero_either[0] = 1;
  return p.min_length == 0xffffffff && p.history == 0xffffffff && p.properties == 0xffffffff &&
         p.max_age == 0xffffffffffffffff && p.min_age == 0xffffffffffffffff && kpasswd_text(all).octets.empty() &&
         !read_kpasswd_policy(all) && !read_kpasswd_policy(all.first(29)) && !read_kpasswd_policy({}) &&
         !read_kpasswd_policy(first) && !read_kpasswd_policy(second) && !read_kpasswd_policy(not_zero) &&
         !read_kpasswd_policy(not_zero_either) && 2 * kpasswd_policy::day == 1728000000000;
}
KERB_BOTH("kpasswd policy: thirty octets that begin with two of zero, and nothing else", "[msg][rfc3244-2]",
          policy_edges);

constexpr bool shown(bytes_view text, std::string_view expected) {
  return is_text(kpasswd_text(text).octets, expected);
}
constexpr bool texts() {
  constexpr auto null_at_end = "6f6b00"_hex;
  constexpr auto lines = "610a0962"_hex;
  constexpr auto escape = "611b5b324a"_hex;
  constexpr auto erase = "617f"_hex;
  constexpr auto c1 = "61c29b3162"_hex;
  constexpr auto above_c1 = "c2a0"_hex;
  constexpr auto umlaut = "c3b6"_hex;
  constexpr auto half = "61c3"_hex;
  constexpr auto latin = "61f6"_hex;
  return shown(null_at_end, "ok") && shown(lines, "a\n\tb") && shown(escape, "a") && shown(erase, "a") &&
         shown(c1, "a") && shown(above_c1, "\xc2\xa0") && shown(umlaut, "\xc3\xb6") && shown(half, "a") &&
         shown(latin, "a") && shown({}, "");
}
KERB_BOTH("kpasswd text: ends before a control character, and before what is not UTF-8", "[msg][rfc3244-2]", texts);

constexpr bool long_texts() {
  std::array<std::uint8_t, max_kpasswd_text + 2> octets{};
  for (std::uint8_t& o : octets) o = 'x';
  const bytes_view all(octets);
  if (kpasswd_text(all).octets.size() != max_kpasswd_text) return false;
  octets[max_kpasswd_text - 1] = 0xc3;  // a character across the limit
  octets[max_kpasswd_text] = 0xb6;
  if (kpasswd_text(all).octets.size() != max_kpasswd_text - 1) return false;
  octets[max_kpasswd_text - 2] = 0xc3;
  octets[max_kpasswd_text - 1] = 0xb6;
  return kpasswd_text(all).octets.size() == max_kpasswd_text;
}
KERB_BOTH("kpasswd text: has at most 1024 octets, and whole characters", "[msg][rfc3244-2]", long_texts);

constexpr bool names_the_service() {
  const principal_view p = kpasswd_service_name("EX.ORG"_krb);
  auto part = p.name.name_string.begin();
  return p.realm == "EX.ORG"_krb && p.name.name_string.size() == 2 && *part == "kadmin"_krb &&
         *++part == "changepw"_krb;
}
KERB_BOTH("kpasswd: the service is kadmin/changepw", "[msg][rfc3244-2]", names_the_service);

constexpr bool messages_of_others() {
  const principal_view service = kpasswd_service_name("TEST.GOKRB5"_krb);
  std::size_t requests = 0;
  for (const auto& v : kerb_test::kpasswd_message_vectors) {
    if (v.contents == "request") {
      ++requests;
      const auto f = kerb_test::must(read_kpasswd_frame(v.octets));
      const auto req = kerb_test::must(asn1::decode<msg::ApReq>(f.ap, der::strict));
      if (f.version != kpasswd_frame::set_version || !asn1::decode<msg::KrbPriv>(f.message, der::strict) ||
          !same_principal({req.ticket->sname, {req.ticket->realm.octets}}, service))
        return false;
      continue;
    }
    const auto d = kerb_test::must(asn1::decode<msg::ChangePasswdData>(v.octets, der::strict));
    if (!is_text(d.newpasswd, "newpassword") || !d.targname || !(*d.targname->name_string.begin() == "testuser1"_krb) ||
        !d.targrealm || !(kerberos_string{d.targrealm->octets} == "TEST.GOKRB5"_krb) || !both_ways(d, v.octets))
      return false;
  }
  return requests == 1;
}
KERB_BOTH("kpasswd: messages of gokrb5", "[msg][rfc3244-2]", messages_of_others);

constexpr kerb_test::entry<kpasswd_result_t> kpasswd_result_t_registry[] = {
    {kpasswd_result_t::success, 0, "KRB5_KPASSWD_SUCCESS"},
    {kpasswd_result_t::malformed, 1, "KRB5_KPASSWD_MALFORMED"},
    {kpasswd_result_t::harderror, 2, "KRB5_KPASSWD_HARDERROR"},
    {kpasswd_result_t::autherror, 3, "KRB5_KPASSWD_AUTHERROR"},
    {kpasswd_result_t::softerror, 4, "KRB5_KPASSWD_SOFTERROR"},
    {kpasswd_result_t::accessdenied, 5, "KRB5_KPASSWD_ACCESSDENIED"},
    {kpasswd_result_t::bad_version, 6, "KRB5_KPASSWD_BAD_VERSION"},
    {kpasswd_result_t::initial_flag_needed, 7, "KRB5_KPASSWD_INITIAL_FLAG_NEEDED"},
};
KERB_BOTH("kpasswd_result_t: result codes have the registered numbers and names, no two the same", "[msg][rfc3244-2]",
          (kerb_test::as_registered<kpasswd_result_t_registry>));
KERB_BOTH("kpasswd_result_t: a number without a name is a value like any other", "[msg][rfc3244-2]",
          (kerb_test::is_open<kpasswd_result_t>));
TEST_CASE("kpasswd_result_t: nothing else has a name", "[msg][rfc3244-2]") {
  CHECK(kerb_test::is_complete<kpasswd_result_t_registry>());
}

}  // namespace
