// Numbers, lists and names in files.
#include <kerb/format/file.hpp>

#include "support/both.hpp"

using namespace kerb;

namespace {

constexpr bool numbers() {
  const auto in = "01020304 ff9c 00 05"_hex;
  detail::file_reader big(in, "T", std::endian::big, 4), little(in, "T", std::endian::little, 4);
  return big.number(4, "n") == 0x01020304 && little.number(4, "n") == 0x04030201 && big.type_number("n") == -100 &&
         little.type_number("n") == static_cast<std::int16_t>(0x9cff) && big.number(2, "n") == 5 &&
         little.number(2, "n") == 0x0500 && big.at_end() && little.at_end() && big.ok();
}
KERB_BOTH("file: numbers in both byte orders, types with a sign", "[format]", numbers);

constexpr bool sticks() {
  const auto in = "0003 6162 63 0004 61"_hex;
  detail::file_reader r(in, "T", std::endian::big, 2);
  const bytes_view abc = r.data("first");
  const bool good = r.ok() && abc.size() == 3;
  const bytes_view cut = r.data("second");
  const error why = r.why();
  const bool nothing = r.number(1, "third") == 0 && r.at_end();
  return good && cut.empty() && nothing && why.code == errc::truncated && why.offset == 5 &&
         std::string_view(why.type) == "T" && std::string_view(why.field) == "second" &&
         std::string_view(r.why().field) == "second";
}
KERB_BOTH("file: a length that is too long is named where it stands and nothing is read behind it", "[format]", sticks);

constexpr bool realms() {
  const auto in = "0002 5253 0002 5200 0001 54"_hex;
  detail::file_reader r(in, "T", std::endian::big, 2);
  const bool good = r.realm("first") == "RS"_krb && r.ok();
  const kerberos_string bad = r.realm("second");
  return good && bad.octets.empty() && !r.ok() && r.why().code == errc::bad_realm && r.why().offset == 4 &&
         std::string_view(r.why().field) == "second" && r.realm("third").octets.empty();
}
KERB_BOTH("file: a realm with the octet 0 is none", "[format][rfc4120-5.2.2]", realms);

constexpr bool parts() {
  const auto in = "aabb cc"_hex;
  detail::file_reader r(in, "T", std::endian::big, 2);
  detail::file_reader two = r.part(2, "part");
  (void)two.number(3, "n");
  const error beyond = two.why();
  const bool rest = r.ok() && r.left() == 1;
  detail::file_reader none = r.part(2, "part");
  return rest && beyond.code == errc::truncated && beyond.offset == 0 && !none.ok() && !r.ok();
}
KERB_BOTH("file: nothing is read behind the end of a part", "[format]", parts);

constexpr bool lists() {
  const auto in = "0002 0a00 0001 07  0003 0000"_hex;
  detail::file_reader r(in, "T", std::endian::big, 2);
  const auto one = file_list<msg::HostAddress>::read(r, 0, "none");
  const auto some = file_list<kerberos_string>::read(r, 2, "some");
  std::array<kerberos_string, 2> buffer{};
  const auto copied = some.copy_to(buffer), short_of = some.copy_to(std::span(buffer).first(1));
  auto i = some.begin();
  const bool first = (*i++).octets.size() == 2 && (*i).octets[0] == 7;
  const auto lie = file_list<kerberos_string>::read(r, 0xffffffff, "lie");
  return one.empty() && some.size() == 2 && first && copied && copied->size() == 2 && (*copied)[1].octets[0] == 7 &&
         !short_of && short_of.error().code == errc::no_space && short_of.error().detail == 2 && lie.empty() &&
         lie.begin() == lie.end() && r.why().code == errc::truncated && std::string_view(r.why().field) == "lie";
}
KERB_BOTH("file: lists are walked and copied, and a count that is not true is a fault", "[format]", lists);

constexpr bool names() {
  const auto in = "0002 6162 0001 63"_hex;
  detail::file_reader r(in, "T", std::endian::big, 2);
  const file_name n{name_t::srv_hst, "R"_krb, file_list<kerberos_string>::read(r, 2, "c")};
  std::array<kerberos_string, 2> buffer{};
  const auto p = n.in(buffer);
  const auto none = n.in(std::span(buffer).first(1));
  const kerberos_string other_parts[] = {"ab"_krb, "d"_krb};
  const kerberos_string one_part[] = {"ab"_krb};
  return p && same_principal(n, *p) && p->name.name_type == name_t::srv_hst && !same_principal(n, {p->name, "S"_krb}) &&
         !same_principal(n, {{name_t::srv_hst, other_parts}, "R"_krb}) &&
         !same_principal(n, {{name_t::srv_hst, one_part}, "R"_krb}) &&
         same_principal(n, {{name_t::unknown, p->name.name_string}, "R"_krb}) && !none &&
         none.error().code == errc::no_space && none.error().detail == 2;
}
KERB_BOTH("file: a name becomes a principal in the caller's buffer, and is compared without its type", "[format]",
          names);

constexpr bool no_name_is_part_of_another() {
  const auto in = "0002 6162 0001 63"_hex;
  const auto name_of_first = [&](std::size_t n) {
    detail::file_reader r(in, "T", std::endian::big, 2);
    return file_name{name_t::srv_hst, "R"_krb, file_list<kerberos_string>::read(r, n, "c")};
  };
  const kerberos_string parts[] = {"ab"_krb, "c"_krb};
  for (std::size_t in_file = 0; in_file != 3; ++in_file) {
    for (std::size_t asked = 0; asked != 3; ++asked) {
      const principal_view p{{name_t::srv_hst, view_of<kerberos_string>(parts, asked)}, "R"_krb};
      if (same_principal(name_of_first(in_file), p) != (in_file == asked)) return false;
    }
  }
  return true;
}
KERB_BOTH("file: a name with one component more or less is another one", "[format][security]",
          no_name_is_part_of_another);

constexpr bool writes() {
  std::array<std::uint8_t, 9> buffer{};
  detail::file_writer w(buffer, "T", 2);
  w.number(0x01020304, 4);
  w.type_number(-100, "n");
  w.data(bytes_view(detail::stored_text<"a">::octets), "d");
  const auto out = w.finish();
  const auto wanted = "01020304 ff9c 0001 61"_hex;
  return out && *out == bytes_view(wanted) && out->data() == buffer.data();
}
KERB_BOTH("file: written from the front", "[format]", writes);

constexpr bool either_order() {
  std::array<std::uint8_t, 9> buffer{};
  detail::file_writer w(buffer, "T", 2, std::endian::little);
  w.number(0x01020304, 4);
  w.number(5, 1);
  w.data(bytes_view(detail::stored_text<"ab">::octets), "d");
  const auto out = w.finish();
  const auto wanted = "04030201 05 0200 6162"_hex;
  return out && *out == bytes_view(wanted);
}
KERB_BOTH("file: written in either byte order", "[format]", either_order);

constexpr bool texts() {
  const auto in = "6162 00 6365 00 64"_hex;
  detail::file_reader r(in, "T", std::endian::big, 4);
  const bytes_view first = r.until_zero("name");
  detail::file_reader part = r.part(1, "part");  // the next 0 is behind it
  const bytes_view cut = part.until_zero("name");
  const bytes_view rest = r.until_zero("name"), last = r.until_zero("name");
  return first == bytes_view(in).first(2) && rest == bytes_view(in).subview(4, 1) && last.empty() && !r.ok() &&
         r.why().offset == 6 && r.why().code == errc::truncated && cut.empty() && !part.ok() &&
         part.why().offset == 3 && std::string_view(part.why().field) == "name";
}
KERB_BOTH("file: a text ends before the end of its part", "[format][security]", texts);

constexpr bool says_what_was_wrong_first() {
  std::array<std::uint8_t, 2> buffer{};
  detail::file_writer w(buffer, "T", 2);
  w.realm("R\0"_krb, "realm");
  w.number(0, 4);  // and there is no space either
  w.time({-1}, "time");
  const auto out = w.finish();
  return out.error().code == errc::bad_name_text && std::string_view(out.error().field) == "realm";
}
KERB_BOTH("file: of several things that cannot be written the first is named", "[format]", says_what_was_wrong_first);

constexpr bool wipes() {
  std::array<std::uint8_t, 4> buffer{};
  detail::file_writer small(buffer, "T", 2), odd(buffer, "T", 2), late(buffer, "T", 2), huge(buffer, "T", 2);
  small.number(0xffffffff, 4);
  small.number(1, 2);
  const auto no_buffer = small.finish();
  const bool wiped = buffer == std::array<std::uint8_t, 4>{};
  odd.type_number(0x8000, "n");
  odd.number(1, 4);
  late.time({0x100000000}, "t");
  huge.data({buffer.data(), 0x10000}, "d");  // never looked at: the size decides
  const auto o = odd.finish(), l = late.finish(), h = huge.finish();
  return !no_buffer && no_buffer.error().code == errc::no_space && no_buffer.error().detail == 6 && wiped &&
         o.error().code == errc::api_misuse && std::string_view(o.error().field) == "n" &&
         l.error().code == errc::clock_out_of_range && h.error().code == errc::input_too_large;
}
KERB_BOTH("file: what cannot be written leaves nothing behind", "[format][security]", wipes);

}  // namespace
