"""Permission is asked of the caller: who pays, and who runs the place."""

from __future__ import annotations

import pytest

from solvent.identity.caller import Caller, Customer, demand_customer, demand_operator
from solvent.values.errors import Refused
from solvent.values.ids import CustomerId, KeyId

CUSTOMER = Customer(CustomerId("cus_1"), "Kim", "plus", 0)
PAYS = Caller(KeyId("key_1"), "customer", CUSTOMER)
RUNS = Caller(KeyId("key_2"), "operator")
ORPHAN = Caller(KeyId("key_3"), "customer")  # its customer is gone from the books


def test_a_customers_key_pays_and_does_not_run_the_place() -> None:
    assert demand_customer(PAYS) is CUSTOMER
    with pytest.raises(Refused) as caught:
        demand_operator(PAYS)
    assert caught.value.code == "operator_key_needed"


def test_an_operators_key_runs_the_place_and_has_no_wallet() -> None:
    demand_operator(RUNS)
    with pytest.raises(Refused) as caught:
        demand_customer(RUNS)
    assert caught.value.code == "customer_key_needed"


def test_a_key_without_its_customer_may_do_nothing() -> None:
    for demand in (demand_customer, demand_operator):
        with pytest.raises(Refused):
            demand(ORPHAN)
