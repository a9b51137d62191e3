// Messages decoded and encoded, on octets from the captures in tests/vectors/captures.
#include <algorithm>
#include <any>
#include <deque>
#include <fstream>
#include <iterator>
#include <sstream>

#include "bench.hpp"
#include "unit/msg/values.hpp"

namespace kerb_bench {
namespace {

using octets_t = std::vector<std::uint8_t>;

octets_t read_file(const std::string& name) {
  std::ifstream in(KERB_CAPTURES "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
/// The UDP payloads of a classic, little-endian pcap file of raw IPv4 packets.
std::vector<octets_t> datagrams_of(const std::string& name) {
  const octets_t file = read_file(name);
  std::vector<octets_t> out;
  for (std::size_t at = 24; at + 16 <= file.size();) {
    std::size_t size = 0;
    for (std::size_t i = 4; i != 0; --i) size = size << 8 | file[at + 8 + i - 1];
    if (size < 28 || at + 16 + size > file.size()) break;
    const auto first = file.begin() + static_cast<std::ptrdiff_t>(at);
    out.emplace_back(first + 16 + 28, first + 16 + static_cast<std::ptrdiff_t>(size));
    at += 16 + size;
  }
  return out;
}

/// A value all of whose lists are arrays and whose octets as sent are forgotten, so that encoding has everything to do,
/// as with a message that is being made.
class own_arrays {
 public:
  template <class T>
  void take(T& v) {
    if constexpr (kerb::asn1::detail::is_optional<T>) {
      if (v) take(*v);
    } else if constexpr (kerb_test::is_captured<T>) {
      auto copy = v.value();
      take(copy);
      v = T::of(copy);
    } else if constexpr (kerb_test::is_list<T>) {
      std::vector<typename T::value_type> items;
      for (auto item : v) items.push_back(item);
      for (auto& item : items) take(item);
      auto& place = std::any_cast<decltype(items)&>(kept_.emplace_back(std::move(items)));
      v = T(kerb::view_of<typename T::value_type>(place.data(), place.size()));
    } else if constexpr (kerb::asn1::message<T>) {
      members(v, kerb::asn1::schema_of<T>);
    }
  }

 private:
  template <class T, class... L>
  void members(T& v, const kerb::asn1::sequence_schema<L...>& s) {
    const auto line = [&](const auto& l) {
      if constexpr (requires { l.member; }) take(v.*l.member);
    };
    s.lines.apply([&](const auto&... l) { (line(l), ...); });
  }
  template <class T, class S, std::uint8_t N, std::uint8_t... Also>
  void members(T& v, const kerb::asn1::application_schema<S, N, Also...>& s) {
    members(v, s.inner);
  }
  std::deque<std::any> kept_;
};

/// Reads every element of every list, and every value.
template <class T>
void read_all(const T& v, std::size_t& sum) {
  kerb_test::for_each_value(v, [&](const auto& part) {
    kerb_test::with_view(part, [&](kerb::bytes_view o, bool) { sum += o.size() + 1; });
    benchmark::DoNotOptimize(part);
  });
}

/// The floor of decoding: every header is read, and what is constructed is gone into.
std::size_t walk(const std::uint8_t* p, const std::uint8_t* end) {
  std::size_t sum = 0;
  while (p < end) {
    const std::uint8_t tag = *p++;
    if (p == end) return 0;
    std::size_t n = *p++;
    if (n >= 0x80) {
      std::size_t more = n & 0x7f;
      for (n = 0; more != 0; --more) {
        if (p == end) return 0;
        n = n << 8 | *p++;
      }
    }
    if (n > static_cast<std::size_t>(end - p)) return 0;
    sum += tag + n;
    if ((tag & 0x20) != 0) sum += walk(p, p + n);
    p += n;
  }
  return sum;
}

// ---- which messages

/// What every contestant decodes, and encodes to the same octets again.
template <class T>
bool all_have(peer_message what, const octets_t& o) {
  std::array<std::uint8_t, 8192> buffer;
  auto v = kerb::asn1::decode<T>(kerb::bytes_view(o));
  if (!v) return false;
  own_arrays arrays;
  arrays.take(*v);
  const auto again = kerb::asn1::encode(*v, buffer);
  if (!again || !(*again == kerb::bytes_view(o))) return false;
  for (const peer_ops* p : peers()) {
    void* const handle = peer_handle(*p, 18);
    void* const theirs = handle == nullptr ? nullptr : p->decoded(handle, what, as_peer(kerb::bytes_view(o)));
    if (theirs == nullptr) return false;
    std::size_t n = 0;
    const bool same = p->encode(handle, what, theirs, buffer.data(), &n) == 0 &&
                      kerb::bytes_view(buffer).first(n) == kerb::bytes_view(o);
    p->drop(handle, what, theirs);
    if (!same) return false;
  }
  return true;
}

octets_t copy(kerb::bytes_view v) { return {v.begin(), v.end()}; }

/// The encodings of one kind in the captures between MIT's programs, in order.
std::vector<octets_t> encodings(peer_message what) {
  using namespace kerb::msg;
  std::vector<octets_t> out;
  if (what == peer_enc_tkt_part || what == peer_authenticator) {
    std::ifstream in(KERB_CAPTURES "/plaintexts.txt");
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string usage, etype, capture, number, hex;
      if (!(words >> usage >> etype >> capture >> number >> hex) || capture != "mit-kerb") continue;
      if (usage != (what == peer_enc_tkt_part ? "2" : "7")) continue;
      octets_t o;
      for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        o.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
      out.push_back(std::move(o));
    }
    return out;
  }
  constexpr std::uint8_t first[] = {0x6a, 0x6b, 0x6c, 0x6d, 0x6c, 0x6b, 0, 0, 0x7e};
  for (const octets_t& d : datagrams_of("mit-kerb.pcap")) {
    if (d.empty() || d[0] != first[what]) continue;
    if (what == peer_ticket) {
      if (const auto rep = kerb::asn1::decode<AsRep>(kerb::bytes_view(d))) out.push_back(copy(rep->ticket.octets()));
    } else if (what == peer_ap_req) {
      const auto req = kerb::asn1::decode<TgsReq>(kerb::bytes_view(d));
      if (!req || !req->padata) continue;
      for (const PaData pa : *req->padata)
        if (pa.padata_type == kerb::padata_t::tgs_req) out.push_back(copy(pa.padata_value));
    } else {
      out.push_back(d);
    }
  }
  return out;
}

/// The middle one by size of those that all contestants have.
template <class T>
const octets_t& chosen(peer_message what) {
  static const octets_t one = [&] {
    std::vector<octets_t> good;
    for (octets_t& o : encodings(what))
      if (all_have<T>(what, o)) good.push_back(std::move(o));
    if (good.empty()) return octets_t();
    std::sort(good.begin(), good.end(),
              [](const octets_t& a, const octets_t& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; });
    return good[good.size() / 2];
  }();
  return one;
}

// ---- the contestants

template <class T, class F>
benchmark_body with_octets(peer_message what, F f) {
  return [=](benchmark::State& state) {
    const octets_t& o = chosen<T>(what);
    if (o.empty()) return give_up(state, "no capture that all contestants decode and encode alike");
    state.SetLabel(std::to_string(o.size()) + " octets");
    f(state, o);
  };
}

template <class T>
void add_message(peer_message what, const std::string& name) {
  const std::string decoded = "der/decode/" + name, encoded = "der/encode/" + name;
  add(decoded, "kerb", with_octets<T>(what, [](benchmark::State& state, const octets_t& o) {
        timed(state, [&] {
          auto v = kerb::asn1::decode<T>(kerb::bytes_view(o));
          benchmark::DoNotOptimize(v);
          return v.has_value();
        });
      }));
  // The peers' decoders copy every element out; this one reads every element of what kerb has only checked
  add(decoded, "kerb_read", with_octets<T>(what, [](benchmark::State& state, const octets_t& o) {
        timed(state, [&] {
          const auto v = kerb::asn1::decode<T>(kerb::bytes_view(o));
          std::size_t sum = 0;
          if (v) read_all(*v, sum);
          benchmark::DoNotOptimize(sum);
          return sum != 0;
        });
      }));
  add(decoded, "walk", with_octets<T>(what, [](benchmark::State& state, const octets_t& o) {
        timed(state, [&] {
          std::size_t sum = walk(o.data(), o.data() + o.size());
          benchmark::DoNotOptimize(sum);
          return sum != 0;
        });
      }));
  add(encoded, "kerb", with_octets<T>(what, [](benchmark::State& state, const octets_t& o) {
        auto v = *kerb::asn1::decode<T>(kerb::bytes_view(o));
        own_arrays arrays;
        arrays.take(v);
        std::array<std::uint8_t, 8192> buffer;
        timed(state, [&] {
          benchmark::DoNotOptimize(v);
          const auto made = kerb::asn1::encode(v, buffer);
          benchmark::DoNotOptimize(buffer.data());
          return made.has_value();
        });
      }));
  for (const peer_ops* p : peers()) {
    add(decoded, p->name, with_octets<T>(what, [=](benchmark::State& state, const octets_t& o) {
          void* const handle = peer_handle(*p, 18);
          timed(state, [&] { return p->decode(handle, what, as_peer(kerb::bytes_view(o))) == 0; });
        }));
    add(encoded, p->name, with_octets<T>(what, [=](benchmark::State& state, const octets_t& o) {
          void* const handle = peer_handle(*p, 18);
          void* const v = p->decoded(handle, what, as_peer(kerb::bytes_view(o)));
          std::size_t n = 0;
          timed(state, [&] { return p->encode(handle, what, v, nullptr, &n) == 0; });
          p->drop(handle, what, v);
        }));
  }
}

}  // namespace

void add_der() {
  using namespace kerb::msg;
  add_message<AsReq>(peer_as_req, "AS-REQ");
  add_message<AsRep>(peer_as_rep, "AS-REP");
  add_message<TgsReq>(peer_tgs_req, "TGS-REQ");
  add_message<TgsRep>(peer_tgs_rep, "TGS-REP");
  add_message<ApReq>(peer_ap_req, "AP-REQ");
  add_message<Ticket>(peer_ticket, "Ticket");
  add_message<EncTicketPart>(peer_enc_tkt_part, "EncTicketPart");
  add_message<Authenticator>(peer_authenticator, "Authenticator");
  add_message<KrbError>(peer_krb_error, "KRB-ERROR");
}

}  // namespace kerb_bench
