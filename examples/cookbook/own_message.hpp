// A message of your own: declared once, then decoded, encoded and dissected like those of the RFC.
#pragma once
#include <cstdio>
#include <kerb/asn1/decode.hpp>
#include <kerb/asn1/describe.hpp>
#include <kerb/asn1/encode.hpp>
#include <kerb/messages.hpp>
#include <vector>

namespace cookbook {

/// PrintJob ::= [APPLICATION 3] SEQUENCE { version [0] INTEGER (1), owner [1] PrincipalName, pages [2] UInt32,
///              title [3] OCTET STRING OPTIONAL }
struct PrintJob {
  kerb::msg::PrincipalName owner;
  kerb::uint32 pages;
  std::optional<kerb::bytes_view> title;

  static consteval auto asn1() {
    using namespace kerb::asn1;
    return application<3>(sequence("PrintJob",            //
                                   tag<0>("version", 1),  // written, and checked when it is read; never stored
                                   tag<1>("owner", &PrintJob::owner),  //
                                   tag<2>("pages", &PrintJob::pages),  //
                                   tag<3>("title", &PrintJob::title)));
  }
};

/// The encoding, in a buffer of exactly its size.
inline std::vector<std::uint8_t> encoded(const PrintJob& job) {
  std::vector<std::uint8_t> out(kerb::asn1::encoded_size(job));
  if (!kerb::asn1::encode(job, out)) out.clear();
  return out;
}
/// The value: a view of `octets`, all of which were checked. An error names the field and its offset.
inline kerb::result<PrintJob> decoded(kerb::bytes_view octets) { return kerb::asn1::decode<PrintJob>(octets); }

/// Prints the name, the offset and the type of each field, and returns the first fault.
inline kerb::error print(kerb::bytes_view octets) {
  const auto line = [](const kerb::asn1::node& n) {
    std::printf("%*s%s at %u: %s\n", 2 * static_cast<int>(n.depth), "", n.field, n.offset, n.type);
  };
  return kerb::asn1::describe<PrintJob>(octets, line);
}

}  // namespace cookbook
