"""The 120 products of the samples at the prices of each region, and the names of their customers and salespeople."""

import numpy as np

from tillstream.samples.draws import Ints, rounded_share

# Category → (product code prefix, likelihood by month from January in per mille, "product:price in US cents").
_PRODUCTS_BY_CATEGORY: dict[str, tuple[str, str, str]] = {
    "Electronics": (
        "EL",
        "900 800 850 850 900 900 1000 950 950 1100 1500 1600",
        'Wireless Mouse:2499 Mechanical Keyboard:8999 24" Monitor:18999 USB-C Hub:3999 Bluetooth Speaker:5999'
        " Noise-Cancelling Headphones:19999 Webcam 1080p:4999 Portable SSD, 1 TB:9999 Phone Charger 65 W:3499"
        ' Smart Plug:1499 Power Bank:2999 10" Tablet:24999 Fitness Band:6999 Desk Lamp LED:3299 E-Reader:12999',
    ),
    "Home & Kitchen": (
        "HK",
        "950 900 950 1000 1050 1000 950 950 1000 1050 1200 1350",
        "Chef's Knife:3999 Cast Iron Pan:4499 Electric Kettle, 1.7 l:3999 Coffee Grinder:4999 French Press:2999"
        " Bath Towel Set:3499 Storage Box:1299 Cotton Bed Sheets:4999 Wall Clock:2499 Toaster:3799"
        " Blender:6999 Water Bottle:1999 Scented Candle:1599 Cutting Board:1899 Mixing Bowls:2799",
    ),
    "Clothing": (
        "CL",
        "900 850 1000 1050 1050 1000 1000 1000 1050 1100 1150 1200",
        "Cotton T-Shirt:1499 Denim Jeans:4999 Linen Shirt:3999 Rain Jacket:7999 Wool Scarf:2999"
        " Running Socks, 3 Pairs:1299 Hoodie:4499 Leather Belt:2999 Summer Dress:4999 Baseball Cap:1799"
        " Knit Sweater:5499 Chino Shorts:3299 Silk Saree:8999 Kurta:3499 Winter Gloves:1999",
    ),
    "Beauty": (
        "BE",
        "950 1100 1000 1000 1050 950 950 950 950 1050 1100 1300",
        "Face Cream:2499 Sunscreen SPF 50:1699 Shampoo, 500 ml:999 Hand Soap:599 Lip Balm:399 Perfume 50 ml:5999"
        " Hair Dryer:3999 Nail Polish:799 Body Lotion:1199 Electric Toothbrush:4999 Bath Salts:1099 Face Mask:499"
        " Razor Set:1899 Rose Water:699 Crème de Jour:2899",
    ),
    "Toys": (
        "TO",
        "700 750 800 850 900 900 950 950 900 1100 1600 2200",
        "Building Blocks:3499 Plush Bear:1999 Jigsaw, 1000 Pieces:1799 Toy Train:4999 Card Game:1299 Kite:1499"
        " Doll's House:7999 Remote Control Car:3999 Modelling Clay:999 Chess Set:2999 Puzzle Cube:1199 Yo-Yo:699"
        " Water Blaster:1699 Science Kit:3299 Wooden Abacus:1899",
    ),
    "Books": (
        "BO",
        "1050 950 950 950 950 1000 1100 1050 1100 1000 1100 1400",
        "Cookbook:2499 Crime Novel:1299 Children's Atlas:1999 Poetry Collection:1499 Travel Guide:1799"
        " Dictionary:2999 Biography:1899 Science Fiction Novel:1399 Garden Planner:1699 Graphic Novel:2199"
        " School Reader:899 History of Tea:1999 Crosswords, Vol. 3:799 Photo Book:3999 Yoga Handbook:1599",
    ),
    "Groceries": (
        "GR",
        "1000 950 1000 1000 1000 1000 1000 1000 1000 1050 1050 1150",
        "Basmati Rice 5 kg:1499 Olive Oil:1299 Darjeeling Tea:899 Ground Coffee:1099 Dark Chocolate:399 Honey:799"
        " Mixed Nuts:999 Spice Box:1599 Pasta:249 Oat Biscuits:349 Mango Chutney:499 Maple Syrup:1199 Jasmine Rice:699"
        " Sea Salt:299 Crisps, Family Pack:449",
    ),
    "Sports": (
        "SP",
        "1200 1050 1050 1100 1150 1150 1050 1000 950 900 900 950",
        "Yoga Mat:2999 Cricket Bat:6999 Football:2499 Tennis Racket:7999 Dumbbell Pair:3999 Skipping Rope:999"
        " Cycling Helmet:4999 Swim Goggles:1499 Running Belt:1999 Badminton Set:3499 Resistance Bands:1799"
        " Camping Stove:5999 Sleeping Bag:6499 Climbing Chalk:1099 Basketball:2799",
    ),
}

PRODUCT_CATEGORIES = tuple(_PRODUCTS_BY_CATEGORY)

_SEASONS: Ints = np.array(
    [[int(n) for n in season.split()] for _, season, _ in _PRODUCTS_BY_CATEGORY.values()], dtype=np.int64
)


DEARER_PRODUCTS = ("GR-1002", "GR-1004")
"""Products whose price rises by a quarter in the newest months, which also lowers their demand."""
_DEMAND = {"EL-1001": 40, "SP-1001": 260, **dict.fromkeys(DEARER_PRODUCTS, 80)}
"""Demand in percent in the newest months, by product: one falls clearly, one rises."""

_NAMES_BY_REGION: dict[str, tuple[str, str]] = {
    "IN": (
        "Aarav Aditi Amit Ananya Arjun Deepa Divya Farah Gaurav Harpreet Isha Karthik Kavya Lakshmi Manoj Meera Nikhil"
        " Pooja Priya Rahul Rajesh Rohan Sana Sanjay Shreya Sunita Suresh Tanvi Vikram Zoya अनिल सुनीता प्रिया आरती"
        " राजेश தமிழ்",
        "Agarwal Bose Chatterjee Chopra Das Desai Fernandes Ghosh Gupta Iyer Jain Joshi Kapoor Khan Kulkarni Kumar"
        " Mehta Menon Mishra Nair Naidu Patel Pillai Rao Reddy Sharma Shetty Singh Verma शर्मा गुप्ता",
    ),
    "UK": (
        "Aisha Alfie Amelia Angharad Archie Callum Charlotte Chloë Ciarán Daniel Eilidh Ella Emily Fergus Freya George"
        " Grace Hamish Harry Isla Jack James Lily Mohammed Niamh Noah Olivia Oscar Poppy Renée Rhys Seán Siân Sophie"
        " Thomas Zoë",
        "Ahmed Baker Brown Campbell Clarke Davies Edwards Evans Fitzgerald Green Hall Hughes Jones Khan Lewis MacDonald"
        " Morgan Murray O’Brien Ó'Neill Patel Roberts Robinson Singh Smith Stewart Taylor Thomas Walker Wilson Wright",
    ),
    "USA": (
        "Aaliyah Andrew Anthony Ashley Brandon Brittany Carlos Daniel David DeShawn Elena Emily Ethan Grace Hannah"
        " Héctor Jasmine Jessica José Joshua Kayla Kevin Li María Matthew Megan Michael Nicole Olivia Robert Ryan"
        " Samantha Sofía Tyler William Zoë",
        "Anderson Brown Chen Clark Davis Garcia Gonzalez Harris Jackson Johnson Jones Kim Lee Lewis Lopez Martin"
        " Martínez Miller Moore Nguyen Núñez O'Connor Peña Ramírez Robinson Smith Taylor Thompson Walker Williams"
        " Young",
    ),
    "DE": (
        "Anna Ben Björn Clara Emil Felix Finn Hannah Jakob Jonas Jürgen Käthe Lea Lena Leon Lukas Marie Mia Mehmet Paul"
        " Sören Sophie Thomas Ute",
        "Bauer Becker Fischer Groß Hoffmann Jäger Klein Koch König Krüger Meyer Müller Neumann Richter Schäfer Schmidt"
        " Schröder Schulz Wagner Weber Weiß Yilmaz Zimmermann",
    ),
    "FR": (
        "Adèle Alice Amélie Benoît Camille Chloé Élodie Emma François Gaël Hélène Hugo Inès Jules Léa Léo Louis Lucas"
        " Manon Mathéo Nathan Raphaël Zoé",
        "Bernard Bertrand Blanc Bonnet Dubois Dupont Durand Fontaine Garnier Girard Lambert Lefèvre Leroy Martin"
        " Mercier Moreau Noël Petit Richard Robert Rousseau Simon",
    ),
    "JP": (
        "蓮 陽菜 湊 結愛 大翔 葵 悠真 凛 樹 さくら 健太 美咲 翔太 七海 拓也 彩",
        "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上 木村",
    ),
    "BR": (
        "Ana André Antônio Beatriz Caio Camila César Fernanda Gabriel Helena Ícaro João José Júlia Laís Letícia Luís"
        " Luíza Mariana Mateus Miguel Sofia Tiago Valentina",
        "Almeida Alves Araújo Barbosa Carvalho Costa Conceição Ferreira Gomes Gonçalves Lima Lopes Melo Oliveira"
        " Pereira Ribeiro Rocha Rodrigues Santos Silva Souza",
    ),
}


def _products(text: str) -> list[tuple[str, int]]:
    """Parse names and prices: each entry ends with a colon and its price."""
    products, words = [], []
    for word in text.split():
        name, colon, price = word.partition(":")
        words.append(name)
        if colon:
            products.append((" ".join(words), int(price)))
            words = []
    return products


_PRODUCT_ROWS = [
    (f"{letters}-{1001 + rank}", name, cents, category, rank)
    for category, (letters, _, text) in enumerate(_PRODUCTS_BY_CATEGORY.values())
    for rank, (name, cents) in enumerate(_products(text))
]
PRODUCT_CODES = [row[0] for row in _PRODUCT_ROWS]
PRODUCT_NAMES = [row[1] for row in _PRODUCT_ROWS]
CATEGORY_OF_PRODUCT: Ints = np.array([row[3] for row in _PRODUCT_ROWS], dtype=np.int64)
_CENTS: Ints = np.array([row[2] for row in _PRODUCT_ROWS], dtype=np.int64)
_POPULARITY: Ints = np.array([6000 // (row[4] + 3) for row in _PRODUCT_ROWS], dtype=np.int64)


def product_likelihood(month: int, *, newest: bool = False) -> Ints:
    """Relative likelihood of each product in a month (1 to 12). newest: from the latest complete month on."""
    season: Ints = _SEASONS[CATEGORY_OF_PRODUCT, month - 1]
    weights = _POPULARITY * season // 100
    demand = np.array([_DEMAND.get(code, 100) for code in PRODUCT_CODES], dtype=np.int64)
    return weights * demand // 100 if newest else weights


def product_prices(currency: str, year: int, *, newest: bool = False) -> Ints:
    """Price of each product in hundredths of the currency, 4% more with each `year` (0, 1, 2 …).

    newest: from the latest complete month on, when some products are `DEARER_PRODUCTS`.
    """
    cents = rounded_share(_CENTS, 100 + 4 * year, 100)
    if newest:
        cents = np.where(np.isin(PRODUCT_CODES, DEARER_PRODUCTS), rounded_share(cents, 125, 100), cents)
    match currency:
        case "INR":
            return rounded_share(cents, 83, 1000) * 1000 - 100  # whole rupees that end in 9
        case "GBP":
            return np.maximum(rounded_share(cents, 79, 10_000) * 100 - 1, 99)  # pounds and 99 pence
        case "EUR":
            return np.maximum(rounded_share(cents, 92, 10_000) * 100 - 1, 99)
        case "BRL":
            return rounded_share(cents, 55, 1000) * 100 - 10  # whole reais less ten centavos
        case "JPY":
            return (
                np.maximum(rounded_share(cents, 150, 20_000), 1) * 20_000
            )  # so that discounts and taxes are whole yen
        case _:
            return cents


def product_costs(price: Ints) -> Ints:
    """Unit costs from prices: 55 to 69 percent, depending on the product."""
    return rounded_share(price, 55 + np.arange(price.size) % 15, 100)


def customer_names(region: str, numbers: Ints) -> list[str]:
    """Name of each customer number. Deterministic; several numbers may share a name."""
    firsts, lasts = (words.split() for words in _NAMES_BY_REGION[region])
    first = (numbers * 7919 + 13) % len(firsts)
    last = (numbers * 104_729 + 7) % len(lasts)
    return [f"{firsts[f]} {lasts[n]}" for f, n in zip(first.tolist(), last.tolist(), strict=True)]


def salespeople_names(region: str, count: int) -> list[str]:
    """Names of the salespeople of a region, in the order of their IDs."""
    return customer_names(region, np.arange(500, 500 + count, dtype=np.int64))
