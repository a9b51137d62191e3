// Uses the core without a crypto library; symbols.py looks at what the object needs. Each layer has a function here.
#include <kerb/kerb.hpp>
#include <kerb/testing/insecure.hpp>

namespace core_only {
using kerb::testing::insecure_policy;
using environment = kerb::environment<insecure_policy>;

bool core(kerb::timestamp a, kerb::timestamp b) {
  kerb::unique_time clock;
  return kerb::within_skew(clock.next(a), clock.next(b), 300);
}

std::string_view numbers(kerb::etype_t e, kerb::error_code_t c) { return name_of(e).empty() ? name_of(c) : name_of(e); }

bool der(kerb::bytes_view in, std::span<std::uint8_t> out) {
  kerb::der::source from{.origin = in.data()};
  kerb::der::reader r(in, from);
  kerb::der::writer w(out);
  kerb::der::write_octets(w, kerb::der::octet_string, r.contents(kerb::der::octet_string, {}));
  return w.ok();
}

template <class T>
bool there_and_back(kerb::bytes_view in, std::span<std::uint8_t> out) {
  const auto v = kerb::asn1::decode<T>(in);
  return v && kerb::asn1::encode(*v, out) && kerb::asn1::encoded_size(*v) == in.size();
}
bool asn1_and_msg(kerb::bytes_view in, std::span<std::uint8_t> out) {
  return there_and_back<kerb::msg::AsReq>(in, out) || there_and_back<kerb::msg::TgsRep>(in, out) ||
         there_and_back<kerb::msg::EncTicketPart>(in, out) || there_and_back<kerb::msg::KrbError>(in, out);
}

bool format(std::string_view text, std::span<char> out) {
  const auto p = kerb::principal::parse(text, "EX.ORG");
  return p && kerb::to_text(*p, out);
}

std::size_t transport(kerb::bytes_view in) { return (*kerb::read_frame(in, 65536)).missing; }

bool store(const std::array<std::uint8_t, 32>& digest, kerb::kerberos_time now) {
  static constinit kerb::memory_replay_cache<64> seen;
  return seen.insert(digest, plus(now, 300), now) == kerb::replay_verdict::fresh;
}

std::size_t as(kerb::as_params<kerb::key> request, const environment& t, kerb::bytes_view in) {
  kerb::as_client<insecure_policy> x(request);
  kerb::over_stream io(x, request.buffer);
  return io.start(t).index() + io.got(in.size(), t).index() + x.provide(kerb::key(), t).index() +
         static_cast<std::size_t>(std::move(x).take().has_value());
}
std::size_t tgs(kerb::tgs_params<kerb::key> request, const environment& t, kerb::bytes_view in) {
  kerb::tgs_client<insecure_policy> x(request);
  return x.start(t).index() + x.receive(in, t).index() + static_cast<std::size_t>(std::move(x).take().has_value());
}
std::size_t ap(kerb::initiator_params<kerb::key> request, const environment& t, kerb::bytes_view in) {
  kerb::ap_initiator<insecure_policy> x(request);
  return x.start(t).index() + x.receive(in, t).index() + static_cast<std::size_t>(std::move(x).take().has_value());
}
bool accept(kerb::acceptor_params request, insecure_policy& p, kerb::timestamp now, kerb::bytes_view in,
            kerb::key_list<kerb::key, 4>& keys) {
  static constinit kerb::memory_replay_cache<64> seen;
  kerb::ap_acceptor<insecure_policy> x(request);
  return kerb::accept(x, in, p, keys, seen, now).has_value();
}

}  // namespace core_only
