// Showing messages field by field, and that it takes and refuses what decoding does.
#include <kerb/asn1/describe.hpp>
#include <kerb/msg/ticket.hpp>

#include "support/alloc_count.hpp"
#include "unit/asn1/shown.hpp"
#include "unit/asn1/small.hpp"
#include "unit/msg/generate.hpp"

using namespace kerb;
using asn1::content;
using kerb_test::shown;

namespace {

template <class T>
constexpr shown see(bytes_view in, der::rules allowed = der::as_deployed) {
  shown all;
  all.fault = asn1::describe<T>(in, all, allowed);
  return all;
}
template <detail::literal L>
constexpr auto hex = kerb::literals::operator""_hex<L>();

constexpr auto ticket =
    hex<"6145 3043 a003020105 a1061b04 52424e47 a216 3014 a003020102 a10d 300b 1b066b7262746774"
        " 1b0152 a31c 301a a003020112 a103020107 a20e 040c 000102030405060708090a0b">;

constexpr bool ticket_is_told() {
  const auto all = see<msg::Ticket>(ticket);
  return all.fault.ok() &&
         all.are({{0, "", "Ticket"},
                  {1, "tkt-vno", "INTEGER", 5},
                  {1, "realm", "Realm"},
                  {1, "sname", "PrincipalName"},
                  {2, "name-type", "Int32", 2},
                  {2, "name-string", "SEQUENCE OF"},
                  {3, "", "KerberosString"},
                  {3, "", "KerberosString"},
                  {1, "enc-part", "EncryptedData"},
                  {2, "etype", "Int32", 18},
                  {2, "kvno", "UInt32", 7},
                  {2, "cipher", "OCTET STRING"}}) &&
         all[4].name == "KRB_NT_SRV_INST" && all[5].element == "KerberosString" && all[7].index == 1 &&
         all[9].name == "aes256-cts-hmac-sha1-96" && all[11].contents == 12;
}
KERB_BOTH("describe: a Ticket is told with the RFC's names, its types and values", "[asn1][rfc4120-5.3]",
          ticket_is_told);

constexpr bool octets_are_covered() {
  // header and contents of each thing are where the message has them, and the primitives leave out only headers
  const auto all = see<msg::Ticket>(ticket);
  std::size_t covered = 0;
  for (std::size_t i = 0; i != all.size; ++i) {
    const auto& t = all[i];
    if (t.offset + t.header + t.octets > ticket.size()) return false;
    covered += t.header + t.contents;
  }
  return covered == ticket.size() && all[0].header == 4 && all[1].offset == 4 && all[1].header == 4;
}
KERB_BOTH("describe: every octet belongs to one header or to one value", "[asn1]", octets_are_covered);

constexpr bool up_to_the_fault() {
  const auto all = see<msg::Ticket>(ticket);
  for (std::size_t broken = 1; broken != all.size; ++broken) {
    if (all[broken].index != asn1::node::no_index) continue;  // elements have no tag of a field in front
    std::array<std::uint8_t, ticket.size()> in = ticket;
    in[all[broken].offset + 2] = 0x05;  // NULL stands where its own tag should
    const auto some = see<msg::Ticket>(in);
    if (some.fault.code != errc::unexpected_tag || some.fault.field != all[broken].field || some.size != broken)
      return false;
    for (std::size_t i = 0; i != some.size; ++i)
      if (some[i].field != all[i].field || some[i].offset != all[i].offset) return false;
  }
  return true;
}
KERB_BOTH("describe: what stands in front of a fault is told", "[asn1]", up_to_the_fault);

constexpr bool every_kind_of_line() {
  using namespace kerb_test;
  const auto small = see<Tagged>(hex<"6619 3017 a015 3013 a003020101 a103020106 a303020107 a402 0400">);
  const auto ext = see<Extensible>(hex<"3016 800101 a105 a303 020105 a204 8102beef 9d04 01020304">);
  const auto open = see<Open>(hex<"9d02beef">);
  const auto rest = see<Untagged>(hex<"3008 0602 2a03 0402 beef">);
  return small.are({{0, "", "Tagged"},
                    {1, "small", "Small"},
                    {2, "a", "Int32", 1},
                    {2, "b", "UInt32", 6},
                    {2, "k", "INTEGER", 7},
                    {2, "c", "OCTET STRING"}}) &&
         small[0].header == 4 && !ext.fault.ok() && open.are({{0, "", "Open"}, {1, "...", "ANY"}}) &&
         open[1].holds == content::any && open[1].contents == 2 &&
         rest.are({{0, "", "Untagged"}, {1, "id", "OBJECT IDENTIFIER"}, {1, "rest", "ANY"}});
}
KERB_BOTH("describe: application tags, choices, unknown fields and any value", "[asn1]", every_kind_of_line);

struct Values {
  std::optional<kerberos_time> time;
  std::optional<bool> yes;
  std::optional<flags<ticket_flag_t>> bits;
  std::optional<bytes_view> hidden;
  sequence_of<msg::EncryptionKey> keys;

  static consteval auto asn1() {
    using T = Values;
    using namespace kerb::asn1;
    return sequence("Values", tag<0>("time", &T::time), tag<1>("yes", &T::yes), tag<2>("bits", &T::bits),
                    redacted(tag<3>("hidden", &T::hidden)), tag<4>("keys", &T::keys));
  }
};
constexpr auto values =
    hex<"303d a011180f 31393730303130313030303030315a a1030101ff a207030500 40800000"
        " a3040402 beef a414 3012 3010 a003020111 a109 0407 01020304050607">;

constexpr bool values_and_secrets() {
  const auto all = see<Values>(values);
  return all.fault.ok() && all.size == 9 && all[1].holds == content::time && all[1].number == 1 &&
         all[2].holds == content::boolean && all[2].number == 1 && all[3].type == "TicketFlags" &&
         all[3].number == 0x40800000 && all[4].holds == content::withheld && all[4].contents == 0 &&
         all[4].octets == 2 && all[8].field == "keyvalue" && all[8].holds == content::withheld &&
         all[8].contents == 0 && all[8].octets == 7;
}
KERB_BOTH("describe: times, truth and flags have values; keys and what is marked secret are left out", "[asn1]",
          values_and_secrets);

struct reckless : shown {
  static constexpr asn1::reveal secrets{};
};
constexpr bool secrets_when_asked_for() {
  reckless all;
  all.fault = asn1::describe<Values>(values, all);
  return all.fault.ok() && all[4].contents == 2 && all[8].contents == 7 && all[8].holds == content::octets;
}
KERB_BOTH("describe: a visitor whose type asks for secrets gets them", "[asn1]", secrets_when_asked_for);

constexpr bool names_of_bits() {
  std::string_view first, ninth;
  (void)asn1::describe<Values>(values, [&](const asn1::node& n) {
    if (n.holds == content::flags) first = n.bit_name(1), ninth = n.bit_name(8);
  });
  return first == "forwardable" && ninth == "renewable";
}
KERB_BOTH("describe: flags come with the names of their bits", "[asn1]", names_of_bits);

bool same(const error& a, const error& b) {
  return a.code == b.code && a.offset == b.offset && a.detail == b.detail && std::string_view(a.type) == b.type &&
         std::string_view(a.field) == b.field;
}

template <class T>
error describe_kind(kerb_test::kind<T> k, bytes_view in, der::rules allowed) {
  const auto look_on = [](const asn1::node&) {};
  if constexpr (asn1::message<T>) return asn1::describe<T>(in, look_on, allowed);
  else return asn1::describe_as<T>(k.name, in, look_on, allowed);
}

// An instrumented build is twenty times slower, and looks for other faults.
#if defined(KERB_RUNTIME_ONLY) && !defined(KERB_ALL_VALUES)
constexpr unsigned octet_step = 37;
#else
constexpr unsigned octet_step = 7;
#endif

TEST_CASE("describe: takes what decode takes, and gives decode's error for all else", "[asn1][msg][property]") {
  kerb_test::for_each_kind([]<class T>(kerb_test::kind<T> k) {
    kerb_test::generator g(4711);
    g.present = 100;
    const auto whole = kerb_test::encoded(g.make<T>());
    std::size_t tried = 0, refused = 0;
    const auto agree = [&](const std::vector<std::uint8_t>& in, std::size_t at, unsigned octet) {
      for (const der::rules allowed : {der::strict, der::as_deployed}) {
        const auto decoded = kerb_test::decode_kind(k, in, allowed);
        const error told = describe_kind(k, in, allowed);
        ++tried;
        refused += !decoded;
        if (same(decoded.error(), told)) continue;
        INFO(k.name << ": octet " << at << " changed to " << octet << ": " << name_of(decoded.error().code) << " "
                    << decoded.error().type << "." << decoded.error().field << " at " << decoded.error().offset
                    << ", not " << name_of(told.code) << " " << told.type << "." << told.field << " at "
                    << told.offset);
        CHECK(false);
        return false;
      }
      return true;
    };
    for (std::size_t n = 0; n <= whole.size(); ++n)
      if (!agree({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n)}, n, 0)) return;
    for (std::size_t at = 0; at != whole.size(); ++at) {
      for (auto octet = static_cast<unsigned>(at % octet_step); octet < 256; octet += octet_step) {
        std::vector<std::uint8_t> in = whole;
        in[at] = static_cast<std::uint8_t>(octet);
        if (!agree(in, at, octet)) return;
      }
    }
    CHECK(refused > whole.size());
    CHECK(refused < tried);
  });
}

TEST_CASE("describe: takes nothing from the heap", "[asn1]") {
  error fault;
  std::size_t things = 0;
  {
    const kerb_test::no_allocations here;
    fault = asn1::describe<msg::Ticket>(ticket, [&](const asn1::node&) { ++things; });
  }
  CHECK(fault.ok());
  CHECK(things == 12);
}

}  // namespace
