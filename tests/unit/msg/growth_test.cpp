// What is read takes time in proportion to its octets, whatever they are: from 1 KiB to 1 MiB.
#include <chrono>
#include <functional>
#include <kerb/format/ccache.hpp>
#include <kerb/format/keytab.hpp>
#include <kerb/format/kirbi.hpp>
#include <kerb/format/principal.hpp>
#include <kerb/msg/contents.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "unit/msg/generate.hpp"
#include "unit/msg/values.hpp"

using namespace kerb;
using kerb_test::encoded;
using kerb_test::generator;
using kerb_test::kind;
using octets_t = std::vector<std::uint8_t>;

namespace {

constexpr std::size_t sizes[] = {1u << 10, 1u << 14, 1u << 17, 1u << 20};
// An octet of a long input may cost so many times what one of a shorter input does: caches make it two or three. With
// quadratic cost it would be 64 times between the second size and the last.
constexpr double most = 8;
constexpr int attempts = 40;

/// One more run, in nanoseconds for each octet. Whatever else the machine does only makes it longer.
double cost(const std::function<bool(const octets_t&)>& work, const octets_t& in) {
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  std::size_t runs = 0;
  do {
    work(in);
    ++runs;
  } while (clock::now() - begin < std::chrono::microseconds(100));
  const std::chrono::duration<double, std::nano> took = clock::now() - begin;
  return took.count() / static_cast<double>(runs * in.size());
}

volatile std::size_t seen;  // what was counted, so that it is

/// Whether `work(input)` is linear; `make(n)` gives an input of about n octets, or an empty one for none of that size.
/// What it answers tells apart what is taken and what is refused, perhaps early: only equals are compared.
bool is_linear(const std::function<octets_t(std::size_t)>& make, const std::function<bool(const octets_t&)>& work) {
  std::vector<octets_t> inputs;
  for (const std::size_t n : sizes) {
    octets_t in = make(n);
    if (!in.empty()) inputs.push_back(std::move(in));
  }
  if (inputs.size() < 2) return true;
  std::vector<double> least(inputs.size(), 1e300);
  std::vector<bool> said;
  for (const octets_t& in : inputs) said.push_back(work(in));
  for (int i = 0; i != attempts; ++i) {
    for (std::size_t k = 0; k != inputs.size(); ++k) {
      const double c = cost(work, inputs[k]);
      if (c < least[k]) least[k] = c;
    }
    double worst = 0;
    for (const bool verdict : {true, false}) {
      double before = 1e300;
      for (std::size_t k = 0; k != inputs.size(); ++k) {
        if (said[k] != verdict) continue;
        if (before < 1e300 && least[k] / before > worst) worst = least[k] / before;
        if (least[k] < before) before = least[k];
      }
    }
    if (worst <= most) return true;
  }
  std::string told;
  for (std::size_t k = 0; k != inputs.size(); ++k)
    told += std::to_string(inputs[k].size()) + " octets at " + std::to_string(least[k]) + " ns, ";
  UNSCOPED_INFO(told);
  return false;
}

TEST_CASE("growth: what is quadratic is seen", "[msg][growth]") {
  const auto make = [](std::size_t n) { return octets_t(n, 1); };
  const auto steps = [](std::size_t n) {
    for (std::size_t i = 0; i != n; ++i) seen = i;
    return true;
  };
  CHECK(is_linear(make, [&](const octets_t& in) { return steps(in.size()); }));
  CHECK(!is_linear(make, [&](const octets_t& in) { return steps(in.size() * in.size() / 32768); }));
}

// ---- inputs of every type

/// A T whose lists are as long as it takes to make it `size` octets, or its texts; empty where it has none.
template <class T>
octets_t long_one(std::size_t size, bool by_lists) {
  generator g(4711);
  g.present = 100;
  const auto with = [&](std::size_t n) {
    g.restart(4711);
    (by_lists ? g.elements : g.octets_each) = n;
    return encoded(g.make<T>());
  };
  const std::size_t few = with(8).size(), more = with(72).size();
  if (more < few + 64) return {};
  const double each = static_cast<double>(more - few) / 64;
  return with(1 + static_cast<std::size_t>(static_cast<double>(size) / each));
}

struct counter {
  std::size_t* nodes;
  void operator()(const asn1::node&) const { ++*nodes; }
};

/// Everything that is done with octets that came: decode, look at each value, write, describe.
template <class T>
bool handle(kind<T> k, bytes_view in) {
  std::size_t n = 0;
  const auto v = kerb_test::decode_kind(k, in, der::as_deployed);
  if (v) {
    kerb_test::for_each_value(*v, [&](const auto&) { ++n; });
    n += asn1::encoded_size(*v);
  }
  seen = n;
  return v.has_value();
}
template <class T>
bool show(kind<T> k, bytes_view in) {
  std::size_t n = 0;
  const error why = asn1::describe_as<T>(k.name, in, counter{&n}, der::as_deployed, msg::contents{});
  seen = n;
  return why.ok();
}

/// The types whose OCTET STRINGs describe() looks into, or that hold those: one walk is much like another, and all of
/// them would take minutes to compile.
template <class T, class... U>
inline constexpr bool is_one_of = (std::is_same_v<T, U> || ...);
template <class T>
inline constexpr bool is_shown = is_one_of<T, msg::AsReq, msg::TgsReq, msg::KrbError, msg::MethodData,
                                           msg::AuthorizationData, msg::KrbCred, msg::PaSpake, msg::PrincipalName>;

/// How an input is spoilt so that it is refused late, after it has been read silently once.
struct damage {
  const char* name;
  void (*spoil)(octets_t&);
};
const damage damages[] = {
    {"as it is", [](octets_t&) {}},
    {"its last octet changed", [](octets_t& in) { in.back() ^= 0xff; }},
    {"an octet near the end changed", [](octets_t& in) { in[in.size() - 7] ^= 0xff; }},
    {"an octet in the middle changed", [](octets_t& in) { in[in.size() / 2] ^= 0x81; }},
    {"an octet behind it", [](octets_t& in) { in.push_back(0); }},
};

TEST_CASE("growth: every type of message is read in linear time, with long lists and long texts",
          "[msg][growth][security]") {
  int lists = 0, texts = 0;
  kerb_test::for_each_kind([&]<class T>(kind<T> k) {
    for (const bool by_lists : {true, false}) {
      if (long_one<T>(sizes[0], by_lists).empty()) continue;
      (by_lists ? lists : texts) += 1;
      for (const damage& d : damages) {
        const auto make = [&](std::size_t n) {
          octets_t in = long_one<T>(n, by_lists);
          d.spoil(in);
          return in;
        };
        INFO(k.name << (by_lists ? " with long lists, " : " with long texts, ") << d.name);
        CHECK(is_linear(make, [&](const octets_t& in) { return handle(k, in); }));
        if constexpr (is_shown<T>) CHECK(is_linear(make, [&](const octets_t& in) { return show(k, in); }));
      }
    }
  });
  CHECK(lists > 40);
  CHECK(texts > 45);
}

// ---- shapes that are hard in a way of their own

octets_t wrapped(std::uint8_t tag, const octets_t& in) {
  octets_t out(in.size() + 6);
  der::writer w(out);
  w.octets(in);
  w.header(der::tag{tag}, in.size());
  return {out.end() - static_cast<std::ptrdiff_t>(w.count()), out.end()};
}
octets_t repeated(const octets_t& one, std::size_t size) {
  octets_t out;
  while (out.size() < size) out.insert(out.end(), one.begin(), one.end());
  return out;
}
octets_t joined(std::initializer_list<octets_t> parts) {
  octets_t out;
  for (const octets_t& p : parts) out.insert(out.end(), p.begin(), p.end());
  return out;
}

TEST_CASE("growth: authorization data in authorization data, as deep as the octets allow", "[msg][growth][security]") {
  const auto deep = [](std::size_t levels_at_most) {
    return [=](std::size_t size) {
      octets_t in = wrapped(0x04, {0x30, 0x00});
      for (std::size_t i = 0; in.size() < size && i != levels_at_most; ++i) {
        // elements of no meaning behind it, so that few levels are long too
        const octets_t rest = repeated({0x30, 0x09, 0xa0, 0x03, 0x02, 0x01, 0x63, 0xa1, 0x02, 0x04, 0x00},
                                       levels_at_most < 100 ? size / levels_at_most : 0);
        const octets_t element = wrapped(0x30, joined({{0xa0, 0x03, 0x02, 0x01, 0x01}, wrapped(0xa1, in)}));
        in = wrapped(0x04, wrapped(0x30, joined({element, rest})));
      }
      return octets_t(in.begin() + (in[1] < 0x80 ? 2 : 2 + (in[1] & 0x7f)), in.end());
    };
  };
  const kind<msg::AuthorizationData> k{"AuthorizationData"};
  for (const std::size_t levels : {std::size_t{4}, std::size_t{15}, std::size_t{17}}) {
    INFO(levels << " levels");
    CHECK(is_linear(deep(levels), [&](const octets_t& in) { return show(k, in); }));
    CHECK(is_linear(deep(levels), [&](const octets_t& in) { return handle(k, in); }));
  }
  const auto many = [&](std::size_t size) { return size > 1u << 17 ? octets_t{} : deep(size)(size); };
  CHECK(is_linear(many, [&](const octets_t& in) { return show(k, in); }));
}

TEST_CASE("growth: numbers that only a tolerance lets in, at the end of a long list", "[msg][growth][security]") {
  const kind<msg::EtypeList> k{"EtypeList"};
  for (const octets_t& last : {octets_t{0x02, 0x04, 0, 0, 0, 18}, octets_t{0x02, 0x05, 0, 0, 0, 0, 18}}) {
    const auto late = [&](std::size_t n) { return wrapped(0x30, joined({repeated({0x02, 0x01, 0x12}, n), last})); };
    const auto each = [&](std::size_t n) { return wrapped(0x30, repeated(last, n)); };
    CHECK(is_linear(late, [&](const octets_t& in) { return handle(k, in); }));
    CHECK(is_linear(each, [&](const octets_t& in) { return handle(k, in); }));
    CHECK(is_linear(each, [&](const octets_t& in) { return show(k, in); }));
  }
}

TEST_CASE("growth: names of many components, and of long ones", "[msg][growth][security]") {
  const auto name = [](const octets_t& component) {
    return [=](std::size_t n) {
      return wrapped(0x30, joined({{0xa0, 0x03, 0x02, 0x01, 0x01},
                                   wrapped(0xa1, wrapped(0x30, component.empty() ? wrapped(0x1b, octets_t(n, 'a'))
                                                                                 : repeated(component, n)))}));
    };
  };
  for (const octets_t& component : {octets_t{0x1b, 0x00}, octets_t{0x1b, 0x01, 'a'}, octets_t{}}) {
    CHECK(is_linear(name(component), [](const octets_t& in) {
      const auto one = asn1::decode<msg::PrincipalName>(in);
      const auto other = one;
      seen = one && same_name(*one, *other);
      return one.has_value();
    }));
    CHECK(is_linear(name(component), [](const octets_t& in) {  // one from a message, one from memory
      const auto one = asn1::decode<msg::PrincipalName>(in);
      std::vector<kerberos_string> parts;
      for (const kerberos_string c : one->name_string) parts.push_back(c);
      seen = same_name(*one, {name_t::principal, view_of<kerberos_string>(parts.data(), parts.size())});
      return true;
    }));
    CHECK(is_linear(name(component), [](const octets_t& in) {
      std::vector<char> out(8 * in.size());
      const auto text = to_text({*asn1::decode<msg::PrincipalName>(in), "R"_krb}, out);
      seen = text ? text->size() : 0;
      return text.has_value();
    }));
  }
}

TEST_CASE("growth: names as text", "[format][growth][security]") {
  constexpr std::size_t buffer = 1u << 18;  // a principal lies on the stack
  using large = basic_principal<2 * buffer>;
  for (const std::string_view piece : {"a", "\\/", "a/", "\\", "/", "@"}) {
    const auto make = [&](std::size_t n) {
      octets_t in;
      if (n > buffer) n = buffer;
      while (in.size() < n) in.insert(in.end(), piece.begin(), piece.end());
      return in;
    };
    CHECK(is_linear(make, [](const octets_t& in) {
      const std::string_view text(reinterpret_cast<const char*>(in.data()), in.size());
      seen = large::parse("a", text).has_value();
      return large::parse(text, "R").has_value();
    }));
  }
}

// ---- files

octets_t keytab_of(std::size_t size, const octets_t& record) { return joined({{0x05, 0x02}, repeated(record, size)}); }
octets_t hex(std::string_view text) {
  octets_t out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(detail::hex_digit(text[i]) << 4 | detail::hex_digit(text[i + 1])));
  }
  return out;
}
TEST_CASE("growth: keytabs of many entries, of many holes, and of one entry", "[format][growth][security]") {
  const octets_t entry =
                     hex("000000170001000152000161000000010000000701001100"
                         "02aabb"),
                 hole = hex("ffffffff00"), empty = hex("ffffffff00000000020000");
  const auto work = [](const octets_t& in) {
    std::size_t n = 0;
    const auto k = keytab_view::open_up_to_fault(in);
    for (const keytab_entry& e : k.view) n += e.key.size();
    seen = n;
    return k.fault.ok();
  };
  for (const octets_t& record : {entry, hole, empty}) {
    CHECK(is_linear([&](std::size_t n) { return keytab_of(n, record); }, work));
    CHECK(is_linear([&](std::size_t n) { return joined({keytab_of(n, record), hex("7fffffff")}); }, work));
  }
  // one record of 65535 components at most, without an octet or of one
  const auto components = [](std::size_t each) {
    return [=](std::size_t n) {
      const std::size_t count = n / (2 + each) > 0xffff ? 0xffff : n / (2 + each);
      octets_t in = {static_cast<std::uint8_t>(count >> 8), static_cast<std::uint8_t>(count), 0, 1, 'R'};
      for (std::size_t i = 0; i != count; ++i) {
        in.insert(in.end(), {0, static_cast<std::uint8_t>(each)});
        in.insert(in.end(), each, 'a');
      }
      in = joined({in, hex("00000001000000070100110002aabb")});
      octets_t length(4);
      for (int i = 0; i != 4; ++i)
        length[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(in.size() >> 8 * (3 - i));
      return joined({{0x05, 0x02}, length, in});
    };
  };
  CHECK(is_linear(components(0), work));
  CHECK(is_linear(components(14), work));
}

TEST_CASE("growth: caches of many entries, of many header fields, and of lies", "[format][growth][security]") {
  const octets_t head = hex("05040000");
  const octets_t user =
      hex("0000000100000001000000015200000001"
          "75");
  const octets_t setting =
      hex("00000001000000020000000c582d4341434845434f4e463a000000156b7262355f6363616368655f636f6e665f"
          "646174610000000161");
  const octets_t rest =
      hex("0000"
          "00000000"
          "00000001000000020000000300000004"
          "00"
          "00000000"
          "00000000"
          "00000000"
          "00000001"
          "61"
          "00000000");
  const auto work = [](const octets_t& in) {
    std::size_t n = 0;
    const auto c = ccache_view::open_up_to_fault(in);
    for (const cache_entry& e : c.view) n += e.ticket.size();
    if (const auto value = c.view.config("a")) n += value->size();
    seen = n;
    return c.fault.ok();
  };
  for (const octets_t& server : {user, setting}) {
    const octets_t entry = joined({user, server, rest});
    const octets_t whole = joined({head, user, entry});
    CHECK(ccache_view::open(whole).has_value());
    CHECK(is_linear([&](std::size_t n) { return joined({head, user, repeated(entry, n)}); }, work));
    CHECK(is_linear([&](std::size_t n) { return joined({head, user, repeated(entry, n), hex("000000")}); }, work));
  }
  // a count of components that is not true, in front of many octets
  CHECK(is_linear([&](std::size_t n) { return joined({head, hex("00000001ffffffff0000000152"), octets_t(n)}); }, work));
  // and header fields, of which there are 64 KiB
  CHECK(is_linear(
      [&](std::size_t n) {
        octets_t fields = repeated({0, 9, 0, 0}, n > 0xfff0 ? 0xfff0 : n);
        const auto size = fields.size();
        return joined({{5, 4, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)}, fields, user});
      },
      work));
}

TEST_CASE("growth: tickets' files of many levels and lengths", "[format][growth][security]") {
  const octets_t long_length = {0x30, 0x84, 0, 0, 0, 0}, short_length = {0x30, 0};
  for (const std::size_t levels : {std::size_t{1}, std::size_t{31}}) {
    for (const octets_t& each : {long_length, short_length, octets_t{0x04, 0x84, 0, 0, 0, 1, 7}}) {
      const auto make = [&](std::size_t n) {
        octets_t in;
        for (std::size_t i = 0; i != levels; ++i) {
          in = joined({in, repeated(each, n / levels)});
          octets_t header = {static_cast<std::uint8_t>(i + 1 == levels ? 0x76 : 0x30), 0x84};
          for (int shift = 24; shift >= 0; shift -= 8) header.push_back(static_cast<std::uint8_t>(in.size() >> shift));
          in = joined({header, in});
        }
        return in;
      };
      const auto work = [](const octets_t& in) {
        octets_t out(in.size());
        const auto der = kirbi_as_der(in, out);
        seen = der ? der->size() : 0;
        return der.has_value();
      };
      octets_t small = make(sizes[0]), out(small.size());
      CHECK(kirbi_as_der(small, out).has_value());
      INFO(levels << " levels");
      CHECK(is_linear(make, work));
    }
  }
}

}  // namespace
