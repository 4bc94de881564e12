"""Typical names of customers and salespeople in each region."""

import numpy as np

from tillstream.samples.draw import Ints

_NAMES: dict[str, tuple[str, str]] = {
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


def names(region: str, numbers: Ints) -> list[str]:
    """Name of each customer number. Deterministic; several numbers may share a name."""
    firsts, lasts = (words.split() for words in _NAMES[region])
    first = (numbers * 7919 + 13) % len(firsts)
    last = (numbers * 104_729 + 7) % len(lasts)
    return [f"{firsts[f]} {lasts[n]}" for f, n in zip(first.tolist(), last.tolist(), strict=True)]


def staff(region: str, count: int) -> list[str]:
    """Names of the salespeople of a region, in the order of their IDs."""
    return names(region, np.arange(500, 500 + count, dtype=np.int64))
