// Every message type, and no cryptography: for whoever only reads or writes Kerberos.
#pragma once
#include "msg/ap.hpp"
#include "msg/basic.hpp"
#include "msg/error.hpp"
#include "msg/kdc.hpp"
#include "msg/preauth.hpp"
#include "msg/ticket.hpp"
