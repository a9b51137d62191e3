// What a KDC needs; add a policy, such as kerb/botan.hpp.
#pragma once
#include "exchange/kdc/serve.hpp"
