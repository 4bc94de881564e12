"""Titles of the named queries for people: what a list of queries, a page or a file is called."""

from collections.abc import Mapping
from types import MappingProxyType

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "abc-classes": "Products by ABC class: how much revenue few of them make",
        "abc-xyz-classes": "Products by ABC and XYZ class, counted",
        "abc-xyz-products": "Each product with its ABC and XYZ class",
        "by-currency": "Sales by currency",
        "change": "Why revenue changed: the effects between two periods",
        "change-by-group": "Why revenue changed, by region, store, category or product",
        "cohort-retention": "How many customers come back, by the period of their first purchase",
        "country-shares": "Countries: share of revenue and customers",
        "customer-counts": "Customers: all, new and repeat",
        "customers-by-segment": "Customers with their segment",
        "customers-compared": "Customers, compared with an earlier period",
        "earlier-forecasts": "Earlier forecasts, to compare with what was sold",
        "failed-rules": "Rows that failed a rule, by data source",
        "figures-over-time": "Key figures over time",
        "forecast-nodes": "What is forecast, with the sums of the next days",
        "forecasts": "Latest forecasts",
        "freshness-of-everything": "How current the data is",
        "growth": "Growth of the key figures",
        "headline": "Further key figures, such as returns and cancelled sales",
        "kpis": "Key figures",
        "monthly-trends": "Months with their growth",
        "pass-rates": "Share of accepted rows, by data source",
        "products-by-class": "Products with their ABC class",
        "products-compared": "Products, compared with an earlier period",
        "rfm-segments": "Segments of customers",
        "sales-by-category": "Sales by category",
        "sales-by-channel": "Sales by channel",
        "sales-by-country": "Sales by country",
        "sales-by-dimension-compared": "Sales by region, store or category, compared with an earlier period",
        "sales-by-product": "Sales by product",
        "sales-by-region": "Sales by region",
        "sales-by-store": "Sales by store",
        "sales-by-weekday": "Sales by month and weekday",
        "sales-over-time": "Sales over time",
        "sales-over-time-compared": "Sales over time, compared with earlier periods",
        "salespeople": "Sales by salesperson",
        "stock-as-of": "Stock on a past day",
        "stock-levels": "Stock levels",
        "stock-shrinkage": "Stock that was lost or turned up",
        "stock-slow": "Stock that sells slowly or not at all",
        "stock-value": "Value of the stock",
        "top-customers": "Customers with the highest revenue",
        "unplaced-counts": "Sales that change no stock, counted",
        "unplaced-sales": "Sales that change no stock",
    }
)


def title(name: str) -> str:
    """The title of a query; of one without a title its name in words."""
    return TITLES.get(name) or name.replace("-", " ").capitalize()
