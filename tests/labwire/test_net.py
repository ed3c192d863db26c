import socket

from labwire.net import is_free, port_near, shown_host


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        assert not is_free("0.0.0.0", port)  # noqa: S104
        assert port_near("127.0.0.1", port) != port
    assert is_free("127.0.0.1", port)
    assert port_near("127.0.0.1", port) == port


def test_a_port_just_left_is_free_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address) as caller:
            connection, _ = server.accept()
            connection.close()  # the server's side closes first: its port stays in TIME_WAIT
            caller.recv(1)
    assert is_free(*address)


def test_every_address_is_shown_as_one_others_can_use() -> None:
    assert shown_host("192.168.1.5") == "192.168.1.5"
    assert shown_host("0.0.0.0") not in ("0.0.0.0", "")  # noqa: S104
