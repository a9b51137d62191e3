// expect: a_view_of_a_temporary_object_would_dangle
#include <kerb/transport/failover.hpp>

kerb::server_list<> configured();

std::size_t first_server() {
#ifdef KERB_FIXED
  const auto servers = configured();
  kerb::kdc_failover order(servers, 30000);
#else
  kerb::kdc_failover order(configured(), 30000);
#endif
  return std::get<kerb::try_server>(order.start(200, 0)).number;
}
