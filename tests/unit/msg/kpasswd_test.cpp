// Changing and setting passwords.
#include <kerb/msg/kpasswd.hpp>

#include "unit/msg/walk.hpp"
#include "unit/numbers/registry.hpp"

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
         name_of(b->code).empty() && name_of(r->code) == "KRB5_KPASSWD_SOFTERROR" && !n &&
         n.error().code == errc::truncated;
}
KERB_BOTH("kpasswd result: a code, and a text that may be empty", "[msg][rfc3244-2]", results);

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
