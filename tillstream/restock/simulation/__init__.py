"""A simulation of order policies over past sales: stock, days short, fill rate, cycle service, orders."""
