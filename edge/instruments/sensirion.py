"""Words as Sensirion's sensors send them: 16 bits, most significant byte first, each followed by its CRC-8. Pure.

Source: Sensirion, "Datasheet SHT3x-DIS", version 5 (2018), section 4.12, table 20: polynomial 0x31, start 0xFF, not
reflected, no final XOR, 0xBEEF gives 0x92; the same in "Datasheet SCD4x", version 1.1 (2021), section 3.11.
"""

from collections.abc import Iterable

POLYNOMIAL = 0x31
START = 0xFF
FULL_SCALE = 0xFFFF


def crc8(data: bytes) -> int:
    """The checksum of a word's two bytes."""
    crc = START
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ POLYNOMIAL) & 0xFF if crc & 0x80 else crc << 1
    return crc


def words(data: bytes) -> list[int | None]:
    """The words of an answer, None where the checksum is wrong. Bytes beyond whole words are left out."""
    found = []
    for k in range(0, len(data) - 2, 3):
        word = data[k : k + 2]
        found.append(int.from_bytes(word, "big") if crc8(word) == data[k + 2] else None)
    return found


def with_crc(values: Iterable[int]) -> bytes:
    """The other way: words with their checksums."""
    return b"".join(word + bytes([crc8(word)]) for value in values for word in [value.to_bytes(2, "big")])


def command(code: int) -> bytes:
    """A command's two bytes."""
    return code.to_bytes(2, "big")


def celsius(word: int) -> float:
    """The temperature a word means, in °C (SHT3x section 4.13, SCD4x section 3.5.2)."""
    return -45 + 175 * word / FULL_SCALE


def percent(word: int) -> float:
    """The relative humidity a word means, in % (the same sections)."""
    return 100 * word / FULL_SCALE
