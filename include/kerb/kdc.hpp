// The KDC's exchanges, without a crypto backend; add a policy, such as kerb/botan.hpp.
#pragma once
#include "exchange/kdc/serve.hpp"
